#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

namespace engine {

class throttle_state;

} // namespace engine

/// How many children may start, and how often.
struct start_limits {
  /// How many may be starting at a time. Children that are supervisors do not
  /// count: their own children do. Without a value: no limit.
  std::optional<size_t> max_concurrent_starts = 4;
  /// How many automatic restarts may begin in a second, in the long run.
  /// Default: no limit.
  std::optional<double> restarts_per_second{};
  /// How many of them may begin at once after a quiet time.
  uint32_t restart_burst = 1;

  friend bool operator==(const start_limits&, const start_limits&) = default;
};

/// Limits that all supervisors share which were given a copy of the same one,
/// in their `supervisor_flags`. A child that may not start yet waits: it is
/// `restarting`, or `starting` where the start is no restart, and runs nothing.
/// Whoever waits longest is next; restarts first wait for their rate, and then,
/// as all others, for room.
///
/// A child takes room from its start function until it is ready, has failed, is
/// told to stop, or its supervisor has ended. One that waits and is told to
/// stop, or whose supervisor stops, waits no longer.
/// @thread any; a value, copies are equal
class start_throttle {
public:
  /// None: what the supervisor above has, if there is one and it has any.
  start_throttle() noexcept = default;

  /// @param limits  for all copies together
  /// @throws std::invalid_argument for a limit of 0, and a rate or a burst that
  ///         is not positive
  explicit start_throttle(const start_limits& limits);

  /// @returns whether there is any
  [[nodiscard]] explicit operator bool() const noexcept {
    return state_ != nullptr;
  }

  /// @returns what it was made with
  [[nodiscard]] std::optional<start_limits> limits() const;

  /// @returns how many children wait now, of all supervisors
  [[nodiscard]] size_t waiting() const;

  /// @returns how many children are starting now, of all supervisors
  [[nodiscard]] size_t starting() const;

  /// @returns what supervisors share; null where there is none
  [[nodiscard]] const std::shared_ptr<engine::throttle_state>&
  state() const noexcept {
    return state_;
  }

private:
  std::shared_ptr<engine::throttle_state> state_;
};

} // namespace supervisors
} // namespace pyactor
