#pragma once

#include <pyactor/supervisors/child_state.hpp>

#include <vector>

/// States that a child may be in, and rules that it may have.
namespace states {

using namespace pyactor::supervisors;

using phase = child_phase;
using from = start_cause;
using to = stop_cause;
using enum child_effect;
using outcome = child_outcome;

inline constexpr child_rules permanent{restart_type::permanent,
                                       stop_mode::timed};
inline constexpr child_rules transient{restart_type::transient,
                                       stop_mode::timed};
inline constexpr child_rules temporary{restart_type::temporary,
                                       stop_mode::timed};
inline constexpr child_rules brutal{restart_type::permanent,
                                    stop_mode::brutal_kill};
inline constexpr child_rules patient{restart_type::permanent,
                                     stop_mode::infinity};
inline constexpr child_rules absorbing{restart_type::permanent,
                                       stop_mode::timed, true};

inline child_state starting(from cause, incarnation_id id = 7) {
  return {phase::starting, id, cause};
}

inline child_state running(incarnation_id id = 7) {
  return {phase::running, id, from::init};
}

inline child_state stopping(to cause, stop_step step = stop_step::asked,
                            from started = from::init) {
  return {phase::stopping, 7, started, cause, step};
}

inline const child_state stopped{phase::stopped, 7, from::init};
inline const child_state restarting{phase::restarting, 7, from::automatic};

inline std::vector<child_state> all_states() {
  return {stopped,
          restarting,
          starting(from::init),
          starting(from::request),
          starting(from::automatic),
          running(),
          stopping(to::request),
          stopping(to::cycle),
          stopping(to::failed_start),
          stopping(to::start_ignored),
          stopping(to::unhealthy),
          stopping(to::supervisor)};
}

} // namespace states
