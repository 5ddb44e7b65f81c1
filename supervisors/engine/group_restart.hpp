#pragma once

#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/restart_strategy.hpp>

#include <chrono>
#include <cstdint>
#include <limits>

namespace pyactor::supervisors::engine {

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

/// How far the restart of a group has come.
struct group_restart {
  enum class stage : uint8_t { stopping, starting };

  restart_plan plan;
  /// The child that brought it about.
  start_position failed;
  /// From the stop of the last member to the start of the first.
  std::chrono::nanoseconds pause;
  stage now = stage::stopping;
  /// While stopping: members at or above are done. While starting: those below.
  start_position cursor = std::numeric_limits<start_position>::max();
  /// Whether the member at the cursor was told to start.
  bool begun = false;
};

/// The pause before a restart of a child was over while it had to wait, or is
/// to begin when the wait is over.
struct pause_ended {
  start_position position;
  /// The last incarnation before the pause.
  incarnation_id incarnation;
  /// What is left of it.
  std::chrono::nanoseconds pause{0};
};

} // namespace pyactor::supervisors::engine
