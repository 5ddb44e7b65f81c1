#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What ended an incarnation.
enum class exit_kind : uint8_t {
  /// It ended of its own accord and without complaint.
  normal,
  /// It was asked to shut down, or said so itself, perhaps with a detail.
  shutdown,
  /// It failed: an error, or an exception that left a handler.
  error,
  /// It was killed.
  killed,
  /// Its last handle was dropped.
  unreachable,
  /// It ended, or reported an error, before it was ready.
  start_failed,
  /// It did not become ready in time.
  start_timeout,
  /// It did not end although it was killed.
  abandoned,
  /// It was a supervisor that had exceeded its restart intensity.
  give_up,
};

/// What an exit means for the restart decision.
enum class exit_class : uint8_t { normal, shutdown, abnormal };

/// How exits are classified.
struct exit_rules {
  /// Whether a child supervisor that gave up counts as failed, so that a
  /// transient one comes back. OTP says no: there the subtree vanishes.
  bool give_up_is_failure = true;
};

/// How an incarnation ended; plain data, safe on every thread.
struct exit_info {
  /// What ended it.
  exit_kind kind = exit_kind::normal;
  /// What that means for a restart.
  exit_class cls = exit_class::normal;
  /// The error's code within its category.
  int code = 0;
  /// The error's category, for example `system` or `pyactor`.
  std::string type{};
  /// The rendered reason: for a Python exception with its traceback.
  std::string message{};
  /// Which incarnation ended.
  uint64_t incarnation = 0;
};

/// @returns the class of such an exit
[[nodiscard]] exit_class classify(exit_kind kind,
                                  const exit_rules& rules) noexcept;

/// @returns whether `how` is an end that a child may come to when it is being
///          stopped; anything else deserves a report
[[nodiscard]] bool is_orderly_stop(const exit_info& how) noexcept;

/// @returns the enumerator's name
[[nodiscard]] std::string_view to_string(exit_kind kind) noexcept;

/// @returns the enumerator's name
[[nodiscard]] std::string_view to_string(exit_class cls) noexcept;

/// @returns one line: kind, and the first line of the message
[[nodiscard]] std::string to_string(const exit_info& how);

} // namespace supervisors
} // namespace pyactor
