#include <pyactor/supervisors/engine/supervisor_actor.hpp>

#include <pyactor/libpyactor/log.hpp>
#include <pyactor/supervisors/engine/orphan_guard.hpp>
#include <pyactor/supervisors/engine/watch.hpp>

namespace pyactor::supervisors::engine {

supervisor_actor::supervisor_actor(caf::actor_config& config,
                                   supervisor_setup setup)
  : timed_actor(config), flags_(std::move(setup.flags)),
    directory_(std::move(setup.directory)), record_(std::move(setup.record)),
    parent_(std::move(setup.parent)), ack_(std::move(setup.ack)),
    inherited_throttle_(std::move(setup.inherited_throttle)),
    intensity_({flags_.intensity, flags_.period}) {
  if (flags_.strategy == restart_strategy::simple_one_for_one)
    template_.emplace(with_defaults(std::move(setup.specs.front())));
  else
    for (auto& spec : setup.specs)
      add_stopped(spec.id,
                  std::make_shared<const child_spec>(with_defaults(spec)));
}

const char* supervisor_actor::name() const {
  return "supervisor";
}

caf::behavior supervisor_actor::make_behavior() {
  ignore_strays();
  if (!ack_) {
    if (auto parent = runtime::upgrade(parent_))
      watch(parent, {address(), 0});
    else if (parent_) // it was faster
      begin_stop(caf::exit_reason::user_shutdown,
                 {.code = sup_errc::shutting_down});
  }
  advance();
  return signal_handlers().or_else(order_handlers()).or_else(query_handlers());
}

caf::resumable::resume_result
supervisor_actor::resume(caf::execution_unit* host, size_t max_throughput) {
  return event_based_actor::resume(host, std::min(max_throughput, in_one_turn));
}

/// Only its parent and its owners stop a supervisor. CAF handles a kill before
/// any of these handlers sees it.
void supervisor_actor::ignore_strays() {
  set_exit_handler([this](caf::exit_msg& what) {
    if (parent_ && what.source == parent_) {
      begin_stop(what.reason, {.code = sup_errc::shutting_down});
      advance();
    } else {
      ++seen_.stray_messages;
      log(layer::supervisors)
        .warn("supervisor {}: an exit message of {} is ignored: only its "
              "parent and stop() stop it",
              id(), to_string(what.source));
    }
  });
  set_down_handler([this](caf::down_msg&) { ++seen_.stray_messages; });
  set_error_handler([this](caf::error&) { ++seen_.stray_messages; });
  set_default_handler([this](caf::scheduled_actor*,
                             caf::message_view&) -> caf::result<caf::message> {
    ++seen_.stray_messages;
    return caf::sec::unexpected_message;
  });
}

caf::message_handler supervisor_actor::signal_handlers() {
  auto shutdown = caf::make_error(caf::exit_reason::user_shutdown);
  return {
    [this](const child_acknowledged& what) {
      on_acknowledged(what);
      advance();
    },
    [this](const child_ended& what) {
      on_ended(what);
      advance();
    },
    [this](const child_in_trouble& what) {
      on_trouble(what);
      advance();
    },
    [this](const probe_answered& what) {
      on_answered(what);
      advance();
    },
    [this](const start_turn& what) {
      on_turn(what);
      advance();
    },
    [this, shutdown](const stop_supervisor& what) {
      begin_stop(shutdown, {.code = sup_errc::shutting_down});
      if (what.how == stop_supervisor::forced)
        force_stop();
      advance();
    },
    [this, shutdown](owners_gone) {
      begin_stop(shutdown, {.code = sup_errc::shutting_down});
      advance();
    },
    [this](carry_on_stopping) {
      if (stop_)
        stop_->carries_on = false;
      advance();
    },
    [this](await_start) {
      auto promise = make_response_promise();
      if (stage_ == stage::operating)
        promise.deliver(await_start_reply{});
      else
        awaiting_start_.push_back(std::move(promise));
      advance();
    },
  };
}

void supervisor_actor::on_acknowledged(const child_acknowledged& what) {
  auto* who = roster_.find_incarnation(what.incarnation);
  if (!who) {
    ++seen_.stale_events;
    return;
  }
  if (auto* failure = std::get_if<caf::error>(&what.outcome)) {
    if (who->state.phase == child_phase::starting)
      note_failure(*who, exit_kind::start_failed, *failure);
    apply(*who, child_events::init_failed{what.incarnation});
  } else if (std::holds_alternative<start_ignored>(what.outcome)) {
    on_ignoring(*who);
  } else {
    on_ready(*who);
  }
}

/// Also while the child is being stopped: then it ends by itself.
void supervisor_actor::on_ignoring(child& who) {
  if (who.state.phase == child_phase::starting && !who.probes.empty()) {
    ++seen_.stale_events; // it has said that it is ready
    return;
  }
  who.ignores_start |= who.state.phase != child_phase::running;
  apply(who, child_events::init_ignored{who.state.incarnation});
}

/// The first acknowledgement of a start is its end, or begins its probe.
void supervisor_actor::on_ready(child& who) {
  if (who.state.phase != child_phase::starting || !who.spec->startup)
    apply(who, child_events::ready{who.state.incarnation});
  else if (who.probes.empty())
    begin_probe(who, probe_kind::startup, false);
  else
    ++seen_.stale_events;
}

void supervisor_actor::on_ended(const child_ended& what) {
  if (what.incarnation == 0) { // the parent, or the supervisor above
    begin_stop(what.reason, {.code = sup_errc::shutting_down});
    return;
  }
  auto* who = roster_.find_incarnation(what.incarnation);
  if (!who) {
    auto zombie = zombies_.find(what.incarnation);
    if (zombie == zombies_.end())
      ++seen_.stale_events;
    else if (zombie->second.context.empty())
      zombies_.erase(zombie);
    return;
  }
  if (must_wait(*who)) {
    deferred_.push_back(what);
    return;
  }
  auto how
    = describe_exit(what.reason, what.incarnation, flags_.exits, system());
  auto is_abandoned = how.kind == exit_kind::abandoned;
  if (how.kind == exit_kind::hung)
    note_hung_call(*who);
  if (how.kind == exit_kind::hung || is_abandoned)
    note_wedged_gil(*who);
  look_back(*who);
  if (who->state.phase == child_phase::starting)
    note_failure(*who, exit_kind::start_failed, what.reason);
  else if (who->state.phase == child_phase::running)
    how.cls = classified(*who, how);
  else if (is_condemned(who->state))
    how = condemned_exit(*who, is_abandoned);
  auto is_ordered = is_orderly_stop(how, is_killed(who->state))
                    || (who->ignores_start && how.kind == exit_kind::normal);
  if (!who->ignores_start || !is_ordered)
    who->last_exit
      = std::make_unique<exit_info>(who->failure ? who->failure->exit : how);
  if (who->state.phase == child_phase::running || is_condemned(who->state))
    note_crash(*who);
  if (is_abandoned) {
    report(supervision_event::kind::abandoned, *who);
  } else if (who->state.phase == child_phase::stopping && !who->failure
             && !is_condemned(who->state) && !is_ordered) {
    ++seen_.shutdown_errors;
    report(supervision_event::kind::shutdown_error, *who);
  }
  apply(*who, child_events::down{what.incarnation, how.cls});
}

void supervisor_actor::on_wake() {
  auto now = clock().now();
  for (size_t i = 0; i < in_one_step; ++i) {
    auto due = deadlines_.pop_due(now);
    if (!due)
      break;
    if (auto* who = roster_.find(due->child))
      on_due(*who, due->purpose);
  }
  advance();
}

void supervisor_actor::on_due(child& who, timer_purpose purpose) {
  switch (purpose) {
    case timer_purpose::startup:
      on_probe_due(who, probe_kind::startup);
      break;
    case timer_purpose::liveness:
      on_probe_due(who, probe_kind::liveness);
      break;
    case timer_purpose::readiness:
      on_probe_due(who, probe_kind::readiness);
      break;
    case timer_purpose::step:
      if (who.ticket.waits()) {
        take_turn(who);
        break;
      }
      if (who.state.phase == child_phase::starting)
        note_failure(who, exit_kind::start_timeout,
                     caf::make_error(sup_errc::start_failed,
                                     who.probes.empty()
                                       ? "no acknowledgement in time"
                                       : "the startup probe did not pass in "
                                         "time"));
      apply(who, child_events::overdue{});
      break;
  }
}

void supervisor_actor::advance() {
  if (stage_ == stage::initializing)
    advance_start();
  while (stage_ == stage::operating && carry_on())
    ;
  if (stage_ == stage::stopping) {
    while (!deferred_.empty())
      take_deferred();
    advance_stop();
  }
  if (stage_ != stage::ended)
    wake_by(deadlines_.next());
}

/// Runs for whatever reason the supervisor ends, in order or not.
void supervisor_actor::on_exit() {
  stage_ = stage::ended;
  directory_->close();
  refuse_all_orders(sup_errc::supervisor_down);
  for (auto& promise : std::exchange(awaiting_start_, {}))
    promise.deliver(await_start_reply{
      std::unexpected{sup_error{.code = sup_errc::supervisor_down}}});
  if (!ack_)
    unwatch(runtime::upgrade(parent_), {address(), 0});
  std::vector<orphan> orphans;
  for (auto& [position, who] : roster_.children()) {
    close_reception(who, child_status::supervisor_down);
    for (auto& what : std::exchange(who.waiting, {}))
      refuse(what, sup_errc::supervisor_down);
    if (who.handle)
      orphans.push_back({who.id, who.spec->type, who.notes.children != nullptr,
                         who.handle, *who.spec->shutdown, who.state,
                         who.notes.calls, who.stuck});
  }
  if (!orphans.empty())
    stop_orphans(system(), address(), fail_state(), std::move(orphans),
                 stop_ && stop_->forced);
  // A handle that somebody has kept holds this object, but not what its user
  // gave it.
  roster_ = roster{directory_};
  template_.reset();
  flags_.events.reset();
  flags_.on_limit = {};
  flags_.throttle = {};
  inherited_throttle_ = {};
  stop_.reset();
}

} // namespace pyactor::supervisors::engine
