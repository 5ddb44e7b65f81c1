#pragma once

#include <pyactor/supervisors/restart_strategy.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace pyactor::supervisors::engine {

/// At most one deadline for each child. The clock is the caller's.
/// @thread one at a time
class deadlines {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Sets or moves the deadline of `child`.
  void set(start_position child, time_point when);

  void clear(start_position child);

  /// @returns the deadline of `child`, if it has one
  [[nodiscard]] std::optional<time_point> find(start_position child) const;

  /// @returns the earliest deadline; `time_point::max()` if there is none
  [[nodiscard]] time_point next() const;

  /// Takes out the earliest deadline if it is not after `now`.
  /// @returns whose it was
  [[nodiscard]] std::optional<start_position> pop_due(time_point now);

private:
  std::set<std::pair<time_point, start_position>> order_;
  std::unordered_map<start_position, time_point> by_child_;
};

} // namespace pyactor::supervisors::engine
