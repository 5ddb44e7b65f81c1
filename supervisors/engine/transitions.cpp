#include <pyactor/supervisors/engine/supervisor_actor.hpp>
#include <pyactor/supervisors/engine/watch.hpp>

namespace pyactor::supervisors::engine {

namespace {

/// @returns whether `who` is there only if its start succeeds
bool is_being_added(const child& who) {
  return std::ranges::any_of(who.waiting, [](const order& waiting) {
    return waiting.what == operation::start_child;
  });
}

} // namespace

// -- state machine: events in, effects out ------------------------------------

/// The last thing a caller may do with `who`: it may be gone afterwards.
void supervisor_actor::apply(child& who, const child_event& event) {
  auto transition = step(who.state, rules_of(who), event);
  if (who.ticket.waits() && transition.next.phase == child_phase::stopping)
    // Nothing runs yet: what was to end has ended.
    transition = step(
      transition.next, rules_of(who),
      child_events::down{transition.next.incarnation, exit_class::shutdown});
  auto changed = who.state != transition.next;
  if (who.state.phase != transition.next.phase) {
    end_probes(who);
    who.ticket = {};
  }
  seen_.kills += is_killed(transition.next) && !is_killed(who.state);
  who.state = transition.next;
  roster_.recount(who);
  if (changed)
    show(who);
  for (auto effect : transition.effects)
    carry_out(who, effect);
  conclude(who, transition.outcome);
}

child_rules supervisor_actor::rules_of(const child& who) const {
  return {who.spec->restart,
          who.spec->shutdown->mode,
          stage_ == stage::stopping || absorbs(who),
          who.failure && who.failure->exit.cls == exit_class::fatal,
          who.condemned ? who.condemned->cls : exit_class::abnormal,
          is_in_call(who)};
}

void supervisor_actor::carry_out(child& who, child_effect effect) {
  switch (effect) {
    case child_effect::ask:
      send_exit_to(who, caf::exit_reason::user_shutdown);
      break;
    case child_effect::interrupt:
      interrupt(who);
      break;
    case child_effect::kill:
      if (stop_ && stop_->forced && takes_force(who.spec->type, who.state))
        runtime::send_urgently(
          caf::actor_cast<caf::strong_actor_ptr>(who.handle), context(),
          stop_supervisor{stop_supervisor::forced});
      else
        send_exit_to(who, caf::exit_reason::kill);
      interrupt(who);
      break;
    case child_effect::watch_again:
      if (auto handle = caf::actor_cast<caf::strong_actor_ptr>(who.handle)) {
        watch_key key{address(), who.state.incarnation};
        unwatch(handle, key);
        watch(handle, key, who.requests);
      }
      break;
    case child_effect::give_up_context:
      give_up_context(who);
      break;
    case child_effect::arm_start:
    case child_effect::arm_stop:
    case child_effect::arm_grace:
      arm(who, time_for_step(who));
      break;
    case child_effect::disarm:
      deadlines_.clear(who.position);
      break;
    case child_effect::release:
      roster_.retire(who.state.incarnation);
      who.handle = nullptr;
      who.requests = nullptr;
      break;
    case child_effect::abandon:
      abandon(who);
      break;
  }
}

void supervisor_actor::conclude(child& who, child_outcome outcome) {
  switch (outcome) {
    case child_outcome::none:
      break;
    case child_outcome::stale:
      ++seen_.stale_events;
      break;
    case child_outcome::spawn:
      begin_start(who);
      break;
    case child_outcome::started:
      on_started(who);
      break;
    case child_outcome::ignored:
      on_ignored(who);
      break;
    case child_outcome::start_failed:
      on_start_failed(who);
      break;
    case child_outcome::exited_restart:
    case child_outcome::exited_keep:
    case child_outcome::exited_forget:
      on_exited(who, outcome);
      break;
    case child_outcome::stopped:
      on_stopped(who);
      break;
    case child_outcome::stopped_restart:
      start(who, start_cause::request);
      break;
    case child_outcome::pause_over:
      on_pause_over(who);
      break;
    case child_outcome::stalled:
      report(supervision_event::kind::stop_stalled, who);
      break;
  }
}

void supervisor_actor::arm(child& who, std::chrono::nanoseconds pause) {
  auto now = clock().now();
  if (pause < time_point::max() - now)
    deadlines_.set(who.position, now + pause);
  else
    deadlines_.clear(who.position);
}

void supervisor_actor::send_exit_to(const child& who, caf::exit_reason reason) {
  tell_exit(caf::actor_cast<caf::strong_actor_ptr>(who.handle), address(),
            reason, context());
}

// -- starting -----------------------------------------------------------------

void supervisor_actor::start(child& who, start_cause cause) {
  if (cause != start_cause::automatic)
    rearm(who);
  who.failure = nullptr;
  who.ignores_start = false;
  who.condemned = nullptr;
  who.ready_since = std::nullopt;
  who.stopped_by_group = false;
  apply(who, child_events::start{roster_.new_incarnation(who), cause});
}

void supervisor_actor::spawn_incarnation(child& who) {
  ++who.starts;
  who.restarts += who.state.started_for == start_cause::automatic;
  report(supervision_event::kind::starting, who);
  if (!claim_name(who)) {
    refuse_start(who, caf::make_error(sup_errc::already_started,
                                      "another child has the name '"
                                        + who.spec->register_as + "'"));
    return;
  }
  who.notes = {};
  who.stuck = {};
  who.hung_call = 0;
  who.wedged_call = 0;
  auto result = call_start_function(who);
  if (auto* handle = std::get_if<caf::actor>(&result)) {
    adopt(who, *handle);
  } else if (auto* cause = std::get_if<caf::error>(&result)) {
    refuse_start(who, std::move(*cause));
  } else {
    roster_.retire(who.state.incarnation);
    apply(who, child_events::start_ignored{});
  }
}

void supervisor_actor::adopt(child& who, const caf::actor& handle) {
  auto pointer = caf::actor_cast<caf::strong_actor_ptr>(handle);
  if (!pointer) {
    refuse_start(who, caf::make_error(sup_errc::start_failed,
                                      "the start function gave no handle"));
    return;
  }
  auto requests
    = std::make_shared<in_flight>(who.state.incarnation, lost_requests_);
  watch_key key{address(), who.state.incarnation};
  if (!claim(pointer, key, requests)) {
    refuse_start(who, caf::make_error(sup_errc::already_started,
                                      "the actor has a supervisor already"));
    return;
  }
  if (who.spec->isolation != isolation::instance && !who.notes.is_isolated) {
    unwatch(pointer, key);
    runtime::send_exit_urgently(pointer, caf::exit_reason::kill);
    refuse_start(who, caf::make_error(sup_errc::start_failed,
                                      "the start function starts nothing with "
                                      "an interpreter of its own"));
    return;
  }
  who.handle = handle;
  who.requests = std::move(requests);
}

void supervisor_actor::refuse_start(child& who, caf::error cause) {
  roster_.retire(who.state.incarnation);
  note_failure(who, exit_kind::start_failed, cause);
  who.last_exit = std::make_unique<exit_info>(who.failure->exit);
  apply(who, child_events::start_refused{});
}

/// Keeps the first, most specific sign of a failed start.
void supervisor_actor::note_failure(child& who, exit_kind kind,
                                    const caf::error& cause) {
  if (who.failure)
    return;
  auto how
    = describe_exit(cause, who.state.incarnation, flags_.exits, system());
  if (!cause)
    how.message = "ended before it was ready";
  how.kind = kind;
  how.cls = exit_class::abnormal;
  if (classified(who, how) == exit_class::fatal)
    how.cls = exit_class::fatal;
  who.failure = std::make_unique<start_failure>(std::move(how), cause);
}

void supervisor_actor::on_started(child& who) {
  auto now = clock().now();
  who.running_since = now;
  if (who.spec->significant)
    awaits_last_ = false;
  if (!who.spec->readiness)
    who.ready_since = now;
  begin_probe(who, probe_kind::liveness, true);
  begin_probe(who, probe_kind::readiness, false);
  if (who.state.started_for == start_cause::automatic)
    report(supervision_event::kind::restarted, who, now - who.down_since);
  else
    report(supervision_event::kind::started, who);
  answer_starts(who, who.state.incarnation);
  settle(who);
}

void supervisor_actor::on_ignored(child& who) {
  who.down_since = clock().now();
  answer_starts(who, incarnation_id{0});
  auto is_last = awaits_last_ && ends_all(who);
  if (is_last)
    report(supervision_event::kind::auto_shutdown, who);
  come_to_rest(who);
  if (is_last)
    begin_stop(caf::make_error(caf::exit_reason::user_shutdown),
               {.code = sup_errc::shutting_down});
}

void supervisor_actor::on_start_failed(child& who) {
  report(supervision_event::kind::start_failed, who);
  if (stage_ == stage::stopping) {
    answer_starts(who, std::unexpected{sup_error{
                         .code = sup_errc::shutting_down, .id = who.id}});
    return;
  }
  const auto& failure = *who.failure;
  auto code = failure.cause == sup_errc::already_started
                ? sup_errc::already_started
                : sup_errc::start_failed;
  sup_error what{code, who.id, failure.exit.message, failure.exit,
                 failure.cause};
  switch (who.state.started_for) {
    case start_cause::init:
      what.code = sup_errc::failed_to_start_child;
      begin_stop(to_caf_error(what), what);
      break;
    case start_cause::request: {
      auto added = is_being_added(who);
      note_failed_start(what);
      answer_starts(who, std::unexpected{what});
      if (added)
        forget(who);
      else
        come_to_rest(who);
      break;
    }
    case start_cause::automatic:
      if (absorbs(who))
        break;
      answer_starts(who, std::unexpected{what}); // of `retry_now`
      if (failure.exit.cls == exit_class::fatal) {
        give_up_on(who);
      } else if (auto pause = count_restart(who, clock().now())) {
        if (group_)
          fail_group(who);
        start_after(who, *pause);
      }
      break;
  }
}

// -- ending -------------------------------------------------------------------

void supervisor_actor::on_exited(child& who, child_outcome outcome) {
  who.down_since = clock().now();
  report(supervision_event::kind::exited, who);
  if (outcome == child_outcome::exited_restart) {
    if (auto pause = count_restart(who, who.down_since))
      come_back(who, *pause);
    return;
  }
  auto is_fatal = who.last_exit->cls == exit_class::fatal;
  if (is_stopping_with_group(who) && outcome == child_outcome::exited_keep
      && !is_fatal)
    who.stopped_by_group = true;
  auto is_last = ends_all(who);
  awaits_last_ = awaits_last_ || (!is_last && awaits_last(who));
  if (is_last)
    report(supervision_event::kind::auto_shutdown, who);
  if (is_fatal && outcome == child_outcome::exited_keep
      && stage_ != stage::stopping)
    give_up_on(who);
  else
    come_to_rest(who);
  if (is_last)
    begin_stop(caf::make_error(caf::exit_reason::user_shutdown),
               {.code = sup_errc::shutting_down});
}

void supervisor_actor::on_stopped(child& who) {
  if (is_stopping_with_group(who)) {
    on_member_stopped(who);
    return;
  }
  who.down_since = clock().now();
  auto code = stage_ == stage::stopping ? sup_errc::shutting_down
                                        : sup_errc::terminated;
  sup_error what{.code = code, .id = who.id};
  if (who.failure && stage_ != stage::stopping)
    what = {sup_errc::start_failed, who.id, who.failure->exit.message,
            who.failure->exit, who.failure->cause};
  auto undone = who.failure && is_being_added(who);
  answer_starts(who, std::unexpected{std::move(what)});
  answer_stops(who);
  if (undone && stage_ != stage::stopping)
    forget(who);
  else
    come_to_rest(who);
}

} // namespace pyactor::supervisors::engine
