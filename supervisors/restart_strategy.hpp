#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/child_state.hpp>

#include <cstdint>
#include <limits>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// Which children a restart takes along.
enum class restart_strategy : uint8_t {
  /// Only the child that failed.
  one_for_one,
  /// All children: they depend on each other.
  one_for_all,
  /// The child that failed and those that started after it: they depend on it.
  rest_for_one,
};

/// A child's place in the start order of its supervisor; later is larger.
using start_position = uint64_t;

/// What a restart covers: every child from `first` to `last`, both included.
/// Those of them that still run, other than the failed one, are stopped first,
/// newest to oldest; then all are started, oldest to newest.
struct restart_plan {
  /// The oldest one.
  start_position first;
  /// The newest one.
  start_position last;

  /// Whether it is about more than one child.
  [[nodiscard]] constexpr bool is_group() const noexcept {
    return first != last;
  }

  /// Whether it is about the child at `position`.
  [[nodiscard]] constexpr bool covers(start_position position) const noexcept {
    return first <= position && position <= last;
  }

  friend bool operator==(const restart_plan&, const restart_plan&) = default;
};

/// @returns what the restart of the child at `failed` covers
[[nodiscard]] constexpr restart_plan
plan_restart(restart_strategy strategy, start_position failed) noexcept {
  constexpr auto newest = std::numeric_limits<start_position>::max();
  switch (strategy) {
    case restart_strategy::one_for_one:
      break;
    case restart_strategy::one_for_all:
      return {0, newest};
    case restart_strategy::rest_for_one:
      return {failed, newest};
  }
  return {failed, failed};
}

/// What a group restart does about one of its members before it goes on to the
/// next.
enum class group_step : uint8_t {
  /// Nothing; go on.
  skip,
  /// Stop it, or start it.
  act,
  /// Wait until it has stopped, or is ready.
  wait,
};

/// @param failed whether it is the one that brought the restart about
/// @returns what to do about a member while the group is being stopped
[[nodiscard]] constexpr group_step when_stopping(const child_state& member,
                                                 bool failed) noexcept {
  switch (member.phase) {
    case child_phase::stopped:
      return group_step::skip;
    case child_phase::restarting:
      return failed ? group_step::skip : group_step::act;
    case child_phase::starting:
    case child_phase::running:
      return group_step::act;
    case child_phase::stopping:
      break;
  }
  return member.stopped_for == stop_cause::group ? group_step::wait
                                                 : group_step::act;
}

/// @param begun whether the group has begun to start it
/// @returns what to do about a member while the group is being started
[[nodiscard]] constexpr group_step when_starting(const child_state& member,
                                                 bool begun) noexcept {
  if (!begun)
    return group_step::act;
  return member.phase == child_phase::starting
             || member.phase == child_phase::stopping
           ? group_step::wait
           : group_step::skip;
}

} // namespace supervisors
} // namespace pyactor
