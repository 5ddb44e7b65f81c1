#include <pyactor/supervisors/child_state.hpp>

namespace pyactor::supervisors {

namespace {

using enum child_effect;
using namespace child_events;

/// One state and its rules; `on` is overloaded for each event.
struct machine {
  child_state state;
  const child_rules& rules;

  child_transition on(const start& event);
  child_transition on(child_events::start_ignored);
  child_transition on(start_refused);
  child_transition on(const ready& event);
  child_transition on(const init_failed& event);
  child_transition on(const init_ignored& event);
  child_transition on(const unhealthy& event);
  child_transition on(const down& event);
  child_transition on(overdue);
  child_transition on(const stop& event);
  child_transition on(stop_harder);
  child_transition on(give_up);

  child_transition start_failed(effect_list effects);
  child_transition exited(exit_class cls, effect_list effects);
  child_transition stopped(effect_list effects);
  child_transition join(stop_cause cause);
  child_transition kill_now(stop_cause cause);
  child_transition climb();

  child_transition stale() const {
    return {state, {}, child_outcome::stale};
  }

  bool is(child_phase phase, incarnation_id id) const {
    return state.phase == phase && state.incarnation == id;
  }
};

child_transition machine::on(const start& event) {
  if (state.phase != child_phase::stopped
      && state.phase != child_phase::restarting)
    return stale();
  state = {child_phase::starting, event.id, event.cause};
  return {state, {arm_start}, child_outcome::spawn};
}

child_transition machine::on(child_events::start_ignored) {
  if (state.phase != child_phase::starting)
    return stale();
  state.phase = child_phase::stopped;
  return {state, {disarm}, child_outcome::ignored};
}

child_transition machine::on(start_refused) {
  if (state.phase != child_phase::starting)
    return stale();
  return start_failed({disarm});
}

child_transition machine::on(const ready& event) {
  if (is(child_phase::starting, event.id)) {
    state.phase = child_phase::running;
    return {state, {disarm}, child_outcome::started};
  }
  if (is(child_phase::stopping, event.id))
    return {state, {}};
  return stale();
}

child_transition machine::on(const init_failed& event) {
  if (is(child_phase::starting, event.id))
    return kill_now(stop_cause::failed_start);
  if (is(child_phase::stopping, event.id))
    return {state, {}};
  return stale();
}

child_transition machine::on(const init_ignored& event) {
  if (is(child_phase::starting, event.id)) {
    // Also of one that is killed otherwise: it is about to end by itself.
    state.phase = child_phase::stopping;
    state.stopped_for = stop_cause::start_ignored;
    state.step = stop_step::asked;
    return {state, {ask, arm_stop}};
  }
  if (is(child_phase::stopping, event.id))
    return {state, {}};
  return stale();
}

child_transition machine::on(const unhealthy& event) {
  if (is(child_phase::running, event.id))
    return kill_now(stop_cause::unhealthy);
  return stale();
}

child_transition machine::on(const down& event) {
  if (event.id != state.incarnation)
    return stale();
  switch (state.phase) {
    case child_phase::starting:
      return start_failed({disarm, release});
    case child_phase::running:
      return exited(event.cls, {release});
    case child_phase::stopping:
      return stopped({disarm, release});
    default:
      return stale();
  }
}

child_transition machine::on(overdue) {
  switch (state.phase) {
    case child_phase::starting:
      return kill_now(stop_cause::failed_start);
    case child_phase::stopping:
      return climb();
    case child_phase::restarting:
      if (rules.absorb_exits) {
        state.phase = child_phase::stopped;
        return {state, {}, child_outcome::stopped};
      }
      return {state, {}, child_outcome::pause_over};
    default:
      return stale();
  }
}

child_transition machine::on(const stop& event) {
  switch (state.phase) {
    case child_phase::starting:
      // What may take for ever has children of its own to stop.
      if (rules.stop != stop_mode::infinity)
        return kill_now(event.cause);
      [[fallthrough]];
    case child_phase::running:
      if (rules.stop == stop_mode::brutal_kill)
        return kill_now(event.cause);
      state.phase = child_phase::stopping;
      state.stopped_for = event.cause;
      state.step = stop_step::asked;
      return {state, {ask, arm_stop}};
    case child_phase::stopping:
      return join(event.cause);
    case child_phase::restarting:
    case child_phase::stopped:
      state.phase = child_phase::stopped;
      return {state, {disarm}, child_outcome::stopped};
  }
  return stale();
}

child_transition machine::on(stop_harder) {
  if (state.phase != child_phase::stopping || is_killed(state))
    return {state, {}};
  state.step = stop_step::killed;
  return {state, {kill, arm_grace}};
}

child_transition machine::on(give_up) {
  if (state.phase != child_phase::restarting)
    return {state, {}};
  state.phase = child_phase::stopped;
  return {state, {disarm}};
}

/// A start came to nothing, and nothing of it is alive.
child_transition machine::start_failed(effect_list effects) {
  auto retry = state.started_for == start_cause::automatic
               && !rules.absorb_exits && !rules.failed_fatally;
  state.phase = retry ? child_phase::restarting : child_phase::stopped;
  return {state, effects, child_outcome::start_failed};
}

child_transition machine::exited(exit_class cls, effect_list effects) {
  auto verdict = judge(rules.restart, cls);
  if (verdict == exit_verdict::restart && rules.absorb_exits)
    verdict = exit_verdict::keep;
  auto restart = verdict == exit_verdict::restart;
  state.phase = restart ? child_phase::restarting : child_phase::stopped;
  auto outcome = restart                         ? child_outcome::exited_restart
                 : verdict == exit_verdict::keep ? child_outcome::exited_keep
                                                 : child_outcome::exited_forget;
  return {state, effects, outcome};
}

/// The end of a stop, however it came about.
child_transition machine::stopped(effect_list effects) {
  if (state.stopped_for == stop_cause::failed_start)
    return start_failed(effects);
  if (state.stopped_for == stop_cause::unhealthy)
    return exited(rules.unhealthy, effects);
  state.phase = child_phase::stopped;
  if (state.stopped_for == stop_cause::start_ignored)
    return {state, effects, child_outcome::ignored};
  auto again = state.stopped_for == stop_cause::cycle && !rules.absorb_exits;
  return {state, effects,
          again ? child_outcome::stopped_restart : child_outcome::stopped};
}

/// A second stop joins the one that runs; the later one says what follows,
/// except that nothing takes a stop of the supervisor back.
child_transition machine::join(stop_cause cause) {
  if (state.stopped_for != stop_cause::supervisor)
    state.stopped_for = cause;
  return {state, {}};
}

child_transition machine::kill_now(stop_cause cause) {
  state.phase = child_phase::stopping;
  state.stopped_for = cause;
  state.step = stop_step::killed;
  return {state, {kill, arm_grace}};
}

/// The next step of the stop ladder: ask, interrupt, kill, check, give up the
/// context, abandon. Where there was an interrupt, the kill is the check, so
/// that the ladder takes no longer.
child_transition machine::climb() {
  switch (state.step) {
    case stop_step::asked:
      if (rules.stop == stop_mode::infinity)
        return {state, {ask, arm_stop}, child_outcome::stalled};
      if (rules.in_call) {
        state.step = stop_step::interrupted;
        return {state, {interrupt, arm_grace}};
      }
      state.step = stop_step::killed;
      return {state, {kill, arm_grace}};
    case stop_step::interrupted:
    case stop_step::killed:
      state.step = stop_step::checked;
      return {state, {watch_again, kill, arm_grace}};
    case stop_step::checked:
      if (rules.in_call) {
        state.step = stop_step::given_up;
        return {state, {give_up_context, arm_grace}};
      }
      break;
    case stop_step::given_up:
      break;
  }
  return stopped({disarm, abandon});
}

} // namespace

child_status status_of(const child_state& state) noexcept {
  auto automatic = state.started_for == start_cause::automatic;
  switch (state.phase) {
    case child_phase::stopped:
      return child_status::stopped;
    case child_phase::starting:
      return automatic ? child_status::restarting : child_status::starting;
    case child_phase::running:
      return child_status::running;
    case child_phase::stopping:
      return automatic
                 && (state.stopped_for == stop_cause::failed_start
                     || ignores_start(state))
               ? child_status::restarting
               : child_status::stopping;
    case child_phase::restarting:
      return child_status::restarting;
  }
  return child_status::unknown;
}

child_transition step(const child_state& state, const child_rules& rules,
                      const child_event& event) {
  machine current{state, rules};
  return std::visit([&](const auto& what) { return current.on(what); }, event);
}

} // namespace pyactor::supervisors
