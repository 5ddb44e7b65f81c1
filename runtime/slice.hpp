#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/fwd.hpp>
#include <pyactor/runtime/pinned_base.hpp>

#include <cstddef>
#include <cstdint>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// One pinned actor's turn on the context.
/// @thread the context's
class slice {
public:
  /// It ends after so many messages or so long, checked between messages.
  static constexpr size_t max_messages = 64;
  /// See `max_messages`.
  static constexpr auto max_time = std::chrono::microseconds{200};

  /// Begins the turn of an actor.
  /// @param home its context
  /// @param who the actor
  /// @param actor its id
  /// @param limit how long each message may take; 0 for any time
  slice(context& home, pinned_base& who, uint64_t actor,
        context::clock::duration limit) noexcept
    : home_(home), who_(who), actor_(actor), start_(context::clock::now()) {
    home_.running_actor_ = &who;
    home_.loop_.begin_slice(start_);
    home_.loop_.running().begin(actor_, start_);
    home_.loop_.running().allow(limit);
  }

  slice(const slice&) = delete;
  slice& operator=(const slice&) = delete;

  ~slice() {
    home_.end_slice();
  }

  /// The actor has just started: what follows has its time for itself.
  void begin_messages() noexcept {
    home_.loop_.running().begin(actor_, context::clock::now());
    home_.loop_.running().allow(who_.max_handler_time());
  }

  /// A message is about to be handled; counted first, so that whoever has its
  /// answer finds it counted.
  void count_message() noexcept {
    home_.loop_.running().count_message();
  }

  /// A message was handled.
  /// @returns whether the actor may go on
  bool next_message() noexcept {
    auto now = context::clock::now();
    over_ = ++messages_ >= max_messages || now - start_ >= max_time;
    home_.loop_.running().begin(actor_, now);
    return !over_;
  }

  /// @returns whether it has lasted long enough
  [[nodiscard]] bool over() const noexcept {
    return over_;
  }

private:
  context& home_;
  pinned_base& who_;
  uint64_t actor_;
  context::clock::time_point start_;
  size_t messages_ = 0;
  bool over_ = false;
};

} // namespace runtime
} // namespace pyactor
