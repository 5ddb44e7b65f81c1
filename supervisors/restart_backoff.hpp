#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <chrono>
#include <cstdint>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// How long a child pauses before it is started again by itself: longer with
/// each failure in a row.
struct restart_backoff {
  /// The pause after the first failure.
  std::chrono::nanoseconds initial = std::chrono::milliseconds{100};
  /// No pause is longer.
  std::chrono::nanoseconds max = std::chrono::seconds{30};
  /// Each pause is so many times the one before.
  double factor = 2;
  /// Up to this part of a pause is added to it at random, so that children that
  /// failed together do not all come back together.
  double jitter = 0.2;
  /// A failure so long after the child was ready, as its readiness probe has it
  /// if it has one, is the first in a row again. That it was not ready in
  /// between, and for how long, does not matter: the last time counts.
  std::chrono::nanoseconds reset_after = std::chrono::seconds{60};

  friend bool operator==(const restart_backoff&, const restart_backoff&)
    = default;
};

/// @param policy  where `factor` or `jitter` is no number, that is refused
/// @returns whether 0 < `initial` <= `max`, 1 <= `factor` < infinity,
///          0 <= `jitter` <= 1, and `reset_after` > 0
[[nodiscard]] bool is_valid(const restart_backoff& policy) noexcept;

/// @returns how long to pause: `initial * factor^(failures - 1)`, but at most
///          `max`; that and its share of jitter, but again at most `max`
/// @param policy    a valid one
/// @param failures  how many there were in a row, at least one
/// @param random    uniform in [0, 1]
[[nodiscard]] std::chrono::nanoseconds
pause_after(const restart_backoff& policy, uint64_t failures,
            double random) noexcept;

/// @returns how many failures in a row there are with a new one
/// @param before       how many there were
/// @param uptime       how long what failed had run since it was ready; 0 if it
///                     never was
/// @param reset_after  after how long a run the count begins anew
[[nodiscard]] constexpr uint64_t
failures_in_a_row(uint64_t before, std::chrono::nanoseconds uptime,
                  std::chrono::nanoseconds reset_after) noexcept {
  return uptime >= reset_after ? 1 : before + 1;
}

} // namespace supervisors
} // namespace pyactor
