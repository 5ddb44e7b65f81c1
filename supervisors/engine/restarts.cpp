#include <pyactor/libpyactor/log.hpp>
#include <pyactor/supervisors/engine/escalating.hpp>
#include <pyactor/supervisors/engine/supervisor_actor.hpp>
#include <pyactor/supervisors/restart_backoff.hpp>

namespace pyactor::supervisors::engine {

/// @returns what `how` means for `who`: what its spec says, if that says it
exit_class supervisor_actor::classified(const child& who,
                                        const exit_info& how) {
  if (!who.spec->classify)
    return how.cls;
  std::string complaint;
  try {
    return who.spec->classify(how);
  } catch (const std::exception& what) {
    complaint = what.what();
  } catch (...) {
    complaint = "no std::exception";
  }
  ++seen_.classify_errors;
  log(layer::supervisors)
    .warn("supervisor {}: classify of '{}' threw: {}", id(), who.id, complaint);
  return how.cls;
}

/// Forgets what speaks against starting `who` again: somebody wants it.
void supervisor_actor::rearm(child& who) {
  who.given_up = false;
  who.consecutive_failures = 0;
  who.limits = child_limits{who.spec->limit, who.spec->max_total_restarts};
  who.breaker = nullptr;
}

/// It has ended of its own accord, or because it did not work any more.
void supervisor_actor::note_crash(const child& who) {
  auto is_crash = who.last_exit->cls == exit_class::abnormal
                  || who.last_exit->cls == exit_class::fatal;
  if (is_crash && who.breaker && who.breaker->note_crash())
    report(supervision_event::kind::poison_message, who);
}

/// Leaves `who`, which does not run, stopped for good.
void supervisor_actor::give_up_on(child& who) {
  who.given_up = true;
  report(supervision_event::kind::child_given_up, who);
  apply(who, child_events::give_up{});
  come_to_rest(who);
}

/// Counts the decision to start `who` again by itself.
/// @param now  when that is
/// @returns how long it pauses before that; none if it does not come back: it
///          has been given up, or the supervisor stops
std::optional<std::chrono::nanoseconds>
supervisor_actor::count_restart(child& who, time_point now) {
  auto uptime = who.failure || !who.ready_since ? std::chrono::nanoseconds{0}
                                                : now - *who.ready_since;
  who.consecutive_failures = failures_in_a_row(
    who.consecutive_failures, uptime,
    who.spec->backoff.value_or(restart_backoff{}).reset_after);
  if (!who.limits.add(now)) {
    give_up_on(who);
    return std::nullopt;
  }
  ++seen_.restarts;
  if (intensity_.add(now) && !has_too_many_zombies())
    return pause_before_start(who);
  return escalate(who);
}

/// Does what is to follow a restart that is one too many.
/// @returns as `count_restart`
std::optional<std::chrono::nanoseconds> supervisor_actor::escalate(child& who) {
  ++seen_.escalations;
  auto what = decide_escalation(who);
  // A zombie keeps a thread: whoever comes back may be the next one.
  if (what == escalation::keep_backoff && has_too_many_zombies())
    what = escalation::stop_child;
  if (what == escalation::stop_child) {
    --seen_.restarts;
    intensity_.take_back();
    give_up_on(who);
    return std::nullopt;
  }
  if (what == escalation::keep_backoff) {
    log(layer::supervisors)
      .warn(
        "supervisor {}: too many restarts; '{}' waits for as long as it may",
        id(), who.id);
    return longest_pause(who.spec->backoff, flags_.min_retry_delay,
                         flags_.period);
  }
  report(supervision_event::kind::give_up, who);
  sup_error why{.code = sup_errc::give_up,
                .id = who.id,
                .message = has_too_many_zombies() ? "too many zombies"
                                                  : "too many restarts",
                .reason = last_exit_of(who)};
  if (who.last_exit)
    why.message += "; last exit " + to_string(*who.last_exit);
  if (what == escalation::abort_process)
    abort_process(layer::supervisors,
                  "supervisor " + std::to_string(id())
                    + " ends the process: " + to_string(why));
  auto reason = to_caf_error(why);
  if (!flags_.exits.give_up_is_failure)
    reason = {static_cast<uint8_t>(caf::exit_reason::user_shutdown),
              runtime::exit_category, caf::make_message(to_string(why))};
  begin_stop(std::move(reason), why);
  return std::nullopt;
}

bool supervisor_actor::has_too_many_zombies() const {
  return zombies_.size() >= flags_.max_zombies;
}

escalation supervisor_actor::decide_escalation(const child& who) {
  auto [what, complaint] = ask(flags_.on_limit, [&] {
    return limit_exceeded{who.id, last_exit_of(who), statistics().statistics};
  });
  if (complaint) {
    ++seen_.escalation_errors;
    log(layer::supervisors)
      .warn("supervisor {}: on_limit threw about '{}': {}", id(), who.id,
            *complaint);
  }
  return what;
}

/// @returns how long `who`, whose failure has been counted, pauses before it is
///          started again; drawn anew each time
std::chrono::nanoseconds
supervisor_actor::pause_before_start(const child& who) {
  if (who.spec->backoff)
    return pause_after(*who.spec->backoff, who.consecutive_failures, uniform());
  return who.failure ? flags_.min_retry_delay
                     : std::chrono::nanoseconds::zero();
}

/// Lets `who` wait for its next start, which comes by way of a timer even if
/// the pause is 0: orders and stops may get in between.
void supervisor_actor::start_after(child& who, std::chrono::nanoseconds pause) {
  arm(who, pause);
  show(who, pause);
  report(supervision_event::kind::restart_scheduled, who, pause);
}

/// Starts a child that has ended, and all that its strategy takes along.
/// @param pause before the first start
void supervisor_actor::restart(child& who, std::chrono::nanoseconds pause) {
  auto plan = plan_restart(flags_.strategy, who.position);
  if (plan.is_group()) {
    begin_group(who, plan, pause);
  } else if (pause.count() > 0) {
    start_after(who, pause);
  } else {
    start(who, start_cause::automatic);
  }
}

/// Restarts a child that has ended, now or when what forbids it is over; only
/// the end of one that was unhealthy has not waited for that.
void supervisor_actor::come_back(child& who, std::chrono::nanoseconds pause) {
  auto position = who.position;
  if (must_hold_restarts())
    deferred_.push_back(pause_ended{position, who.state.incarnation, pause});
  else
    restart(who, pause);
  settle(position);
}

void supervisor_actor::on_pause_over(child& who) {
  if (!must_hold_restarts())
    restart(who, {});
  else if (!group_ || !group_->plan.covers(who.position))
    deferred_.push_back(pause_ended{who.position, who.state.incarnation});
}

/// @returns a random number in [0, 1]
double supervisor_actor::uniform() {
  if (!random_) {
    // Differs between the supervisors of a process and between processes; that
    // it can be guessed does no harm.
    auto now = clock().now().time_since_epoch().count();
    std::seed_seq seed{static_cast<int64_t>(id()), int64_t{now},
                       int64_t{now >> 32}};
    random_.emplace(seed);
  }
  return std::generate_canonical<double, 32>(*random_);
}

/// @returns whether this end, which leads to no restart, is the supervisor's
bool supervisor_actor::ends_all(const child& who) const {
  if (stage_ == stage::stopping || absorbs(who) || !who.spec->significant)
    return false;
  auto lives = [&](const auto& entry) {
    const auto& other = entry.second;
    return &other != &who && other.spec->significant
           && other.state.phase != child_phase::stopped;
  };
  return flags_.auto_shutdown == auto_shutdown::any_significant
         || (flags_.auto_shutdown == auto_shutdown::all_significant
             && std::ranges::none_of(roster_.children(), lives));
}

/// @returns whether this end, which leads to no restart, is the supervisor's if
///          those that are coming back have nothing to do
bool supervisor_actor::awaits_last(const child& who) const {
  if (stage_ == stage::stopping || absorbs(who) || !who.spec->significant
      || flags_.auto_shutdown != auto_shutdown::all_significant)
    return false;
  return std::ranges::none_of(roster_.children(), [&](const auto& entry) {
    const auto& other = entry.second;
    return &other != &who && other.spec->significant
           && other.state.phase != child_phase::stopped
           && status_of(other.state) != child_status::restarting;
  });
}

} // namespace pyactor::supervisors::engine
