#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/loop/activity.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace PYACTOR_EXPORT pyactor {
namespace runtime::loop {

/// What to do about one thread whose calls may take too long: interrupt the
/// call, once more after half of the grace, and give it up at its end. Decides
/// only; a function of what it is told.
/// @thread one at a time
class overrun {
public:
  /// What deadlines here are times of.
  using clock = activity::clock;

  /// What to do about a call.
  enum class step : uint8_t {
    /// Nothing, yet.
    none,
    /// Raise an exception in it.
    interrupt,
    /// It does not come back.
    give_up,
  };

  /// What to do, and when to look again.
  struct advice {
    /// To be done now.
    step what = step::none;
    /// When to look again at the latest; none where nothing runs that is
    /// limited.
    std::optional<clock::time_point> look_at;
  };

  /// @param runs what the thread runs
  /// @param now the time at which it was read
  /// @param grace how long an interrupted call has to come back
  /// @returns what to do about its call, and when to look again
  [[nodiscard]] advice look(const activity::snapshot& runs,
                            clock::time_point now, clock::duration grace) {
    if (runs.actor == 0 || runs.limit <= clock::duration::zero())
      return {};
    if (now < runs.deadline) {
      asked_turn_ = 0; // it may have got more time
      return {step::none, runs.deadline};
    }
    // C++ code cannot be interrupted; it may yet go into Python.
    if (!runs.in_python)
      return {step::none, now + runs.limit};
    if (asked_turn_ != runs.turn) {
      asked_turn_ = runs.turn;
      asked_at_ = now;
      asked_again_ = false;
      return {step::interrupt, now + grace / 2};
    }
    if (now >= asked_at_ + grace)
      return {step::give_up, std::nullopt};
    if (asked_again_ || now < asked_at_ + grace / 2)
      return {step::none, asked_at_ + (asked_again_ ? grace : grace / 2)};
    asked_again_ = true;
    return {step::interrupt, asked_at_ + grace};
  }

private:
  uint64_t asked_turn_ = 0;
  clock::time_point asked_at_{};
  bool asked_again_ = false;
};

} // namespace runtime::loop
} // namespace pyactor
