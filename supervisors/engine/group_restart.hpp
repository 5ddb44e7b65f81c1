#pragma once

#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/restart_strategy.hpp>

#include <chrono>
#include <cstdint>
#include <limits>

namespace pyactor::supervisors::engine {

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

/// The pause before a restart of a child was over while it had to wait.
struct pause_ended {
  start_position position;
  /// The last incarnation before the pause.
  incarnation_id incarnation;
};

} // namespace pyactor::supervisors::engine
