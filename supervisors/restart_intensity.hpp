#pragma once

#include <pyactor/supervisors/restart_limit.hpp>

#include <chrono>
#include <cstddef>
#include <deque>

namespace pyactor::supervisors {

/// Counts restarts in a sliding window, exact to the nanosecond. The clock is
/// the caller's. Remembers at most `intensity + 1` restarts, of the largest
/// `intensity` that it had.
/// @thread one at a time
class restart_intensity {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit restart_intensity(restart_limit limit);

  /// Counts a restart.
  /// @returns whether the limit still holds
  /// @pre `now` never goes back
  [[nodiscard]] bool add(time_point now);

  /// Takes back what was added last: that restart does not come about.
  /// @pre nothing has happened since
  void take_back();

  /// Sets another limit. Restarts that are recent enough for it count on, also
  /// if they are too many: the next one then breaks it.
  /// @pre `now` never goes back
  void change(restart_limit limit, time_point now);

  /// @returns how many restarts the window holds at `now`
  [[nodiscard]] size_t used(time_point now) const;

private:
  void forget_stale(time_point now);

  restart_limit limit_;
  std::deque<time_point> restarts_;
};

} // namespace pyactor::supervisors
