#pragma once

#include <pyactor/supervisors/restart_strategy.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace pyactor::supervisors::engine {

/// What a child's deadline is for.
enum class timer_purpose : uint8_t {
  /// A start, a step of a stop, or a pause before a restart.
  step,
  startup,
  liveness,
  readiness,
};

/// Names one deadline.
struct timer {
  constexpr timer(start_position whose, // NOLINT: implicit on purpose
                  timer_purpose what = timer_purpose::step)
    : child(whose), purpose(what) {
    // nop
  }

  start_position child;
  timer_purpose purpose;

  friend auto operator<=>(const timer&, const timer&) = default;
};

/// At most one deadline for each purpose of each child. The clock is the
/// caller's.
/// @thread one at a time
class deadlines {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Sets or moves the deadline `what`.
  void set(timer what, time_point when);

  void clear(timer what);

  /// Gives all deadlines of `from` to `to`.
  /// @pre `to` has none
  void move(start_position from, start_position to);

  /// @returns the deadline `what`, if there is one
  [[nodiscard]] std::optional<time_point> find(timer what) const;

  /// @returns the earliest deadline; `time_point::max()` if there is none
  [[nodiscard]] time_point next() const;

  /// Takes out the earliest deadline if it is not after `now`.
  /// @returns which it was
  [[nodiscard]] std::optional<timer> pop_due(time_point now);

private:
  struct hash {
    size_t operator()(const timer& what) const noexcept {
      return std::hash<start_position>{}(what.child * 4
                                         + static_cast<size_t>(what.purpose));
    }
  };

  using order_type = std::set<std::pair<time_point, timer>>;

  order_type order_;
  std::unordered_map<timer, order_type::iterator, hash> by_timer_;
};

} // namespace pyactor::supervisors::engine
