#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_state.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// A request to a child that takes none fails at once, with
/// `sup_errc::child_unavailable`; other messages are not sent.
struct fail_fast {
  friend bool operator==(const fail_fast&, const fail_fast&) = default;
};

/// What a child is sent while it takes nothing waits for it, in the order of
/// its arrival. What cannot wait, or has waited for too long, fails as with
/// `fail_fast`; so does all that waits, once no incarnation can come any more.
struct buffer {
  /// Messages that wait at once, at most; positive.
  size_t capacity = 1000;
  /// How long each may wait; positive.
  std::chrono::nanoseconds ttl = std::chrono::seconds{10};

  friend bool operator==(const buffer&, const buffer&) = default;
};

/// As `fail_fast`, and an actor is sent a `dead_letter`.
struct to_dead_letters {
  /// Who collects them; not null.
  caf::actor to;

  friend bool operator==(const to_dead_letters& x, const to_dead_letters& y) {
    return x.to == y.to;
  }
};

/// What becomes of messages for a child while it takes none: while it does not
/// run, or is not ready.
using while_down = std::variant<fail_fast, buffer, to_dead_letters>;

/// @param what  a buffer needs room and time, dead letters need an actor
/// @returns whether `what` can be used
[[nodiscard]] bool is_valid(const while_down& what) noexcept;

/// A message that did not reach its child.
struct dead_letter {
  /// The child's id.
  std::string child;
  /// What it was doing; `running` if it was not ready.
  child_status status = child_status::unknown;
  /// Who had sent it; null if nobody.
  caf::strong_actor_ptr sender;
  /// The message itself.
  caf::message content;
};

} // namespace supervisors
} // namespace pyactor

PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::dead_letter)
