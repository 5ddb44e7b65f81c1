#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/error.hpp>
#include <pyactor/supervisors/restart_strategy.hpp>

#include <optional>

namespace pyactor::supervisors::engine {

/// The end of a supervisor, from the decision to the last of its children.
struct running_stop {
  /// What it ends with.
  caf::error reason;
  /// What those hear who wait for a start that did not come about.
  sup_error start_failure;
  /// Holds the supervisor meanwhile, whoever lets go of it.
  caf::actor keep_alive;
  /// Children below this position do not wait for the limits on starts any
  /// more; none where no child does.
  std::optional<start_position> withdrawn_to{};
  /// Children at or above this position are stopped.
  start_position stopped_from = ~start_position{0};
  /// Those at or above this one have been told to; while they stop at once.
  start_position told_from = ~start_position{0};
  /// `carry_on_stopping` is on its way.
  bool carries_on = false;
  /// Children are killed as their turn comes.
  bool forced = false;
};

} // namespace pyactor::supervisors::engine
