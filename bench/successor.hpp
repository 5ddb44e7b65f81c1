#pragma once

#include <pyactor/supervisors/child_spec.hpp>

#include <functional>
#include <utility>

namespace pyactor::bench {

/// The spec of a last child that has nothing to run: with `rest_for_one`, its
/// turn comes each time that those before it have started, once the last of
/// them is ready. That is the soonest moment at which anybody can know.
/// @param started  called then, on the supervisor's thread
inline supervisors::child_spec successor(std::function<void()> started) {
  supervisors::child_spec result;
  result.id = "successor";
  result.start_timeout = supervisors::forever; // spares it a timer
  result.start
    = [started = std::move(started)](
        const supervisors::start_context&) -> supervisors::start_result {
    started();
    return supervisors::start_ignored{};
  };
  return result;
}

} // namespace pyactor::bench
