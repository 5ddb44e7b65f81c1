#include <pyactor/libpyactor/log.hpp>
#include <pyactor/supervisors/engine/supervisor_actor.hpp>

namespace pyactor::supervisors::engine {

namespace {

const std::optional<probe>& policy_of(const child& who, probe_kind kind) {
  switch (kind) {
    case probe_kind::startup:
      return who.spec->startup;
    case probe_kind::liveness:
      return who.spec->liveness;
    case probe_kind::readiness:
      break;
  }
  return who.spec->readiness;
}

timer timer_of(const child& who, probe_kind kind) {
  switch (kind) {
    case probe_kind::startup:
      return {who.position, timer_purpose::startup};
    case probe_kind::liveness:
      return {who.position, timer_purpose::liveness};
    case probe_kind::readiness:
      break;
  }
  return {who.position, timer_purpose::readiness};
}

/// @returns for example `2 misses of the startup probe in a row; the last: ...`
std::string failure_text(probe_kind kind, const probe& policy,
                         const std::string& complaint) {
  auto misses = policy.failure_threshold;
  return std::to_string(misses) + (misses == 1 ? " miss" : " misses")
         + " of the " + std::string{to_string(kind)}
         + " probe in a row; the last: " + complaint;
}

} // namespace

// -- when to ask --------------------------------------------------------------

/// Begins a probe if the spec of `who` has it.
/// @param passing until there is an outcome
void supervisor_actor::begin_probe(child& who, probe_kind kind, bool passing) {
  if (!policy_of(who, kind))
    return;
  auto now = clock().now();
  auto& state = who.probes[kind];
  state = {.passing = passing, .since = now};
  if (due(state, *policy_of(who, kind)) <= now)
    on_probe_due(who, kind);
  else
    arm_probe(who, kind);
}

void supervisor_actor::arm_probe(const child& who, probe_kind kind) {
  auto when = due(who.probes.at(kind), *policy_of(who, kind));
  if (when != time_point::max())
    deadlines_.set(timer_of(who, kind), when);
  else
    deadlines_.clear(timer_of(who, kind));
}

void supervisor_actor::end_probe(child& who, probe_kind kind) {
  deadlines_.clear(timer_of(who, kind));
  who.probes.erase(kind);
}

/// Probes last as long as the phase in which they began.
void supervisor_actor::end_probes(child& who) {
  while (!who.probes.empty())
    end_probe(who, who.probes.begin()->first);
}

/// Probes follow another spec at once. A child that runs keeps being ready
/// until a probe that is new says otherwise.
void supervisor_actor::update_probes(child& who) {
  using enum probe_kind;
  for (auto kind : {startup, liveness, readiness}) {
    auto known = who.probes.find(kind);
    auto is_wanted = policy_of(who, kind).has_value();
    if (known == who.probes.end()) {
      if (kind != startup && who.state.phase == child_phase::running)
        begin_probe(who, kind, true);
    } else if (is_wanted) {
      arm_probe(who, kind);
    } else if (kind == startup) {
      // That ends the start, which a reload does not do in the middle.
      deadlines_.set(timer_of(who, kind), clock().now());
    } else {
      auto was_passing = known->second.passing;
      end_probe(who, kind);
      if (kind == readiness && !was_passing)
        on_readiness(who);
    }
  }
}

void supervisor_actor::on_probe_due(child& who, probe_kind kind) {
  auto& state = who.probes.at(kind);
  const auto& policy = policy_of(who, kind);
  if (!policy) {
    apply(who, child_events::ready{who.state.incarnation});
  } else if (state.waiting) {
    conclude_probe(who, kind,
                   "no answer within " + runtime::render(policy->timeout));
  } else {
    state = asked(state, ++last_question_, clock().now());
    arm_probe(who, kind);
    ask(who.handle, policy->question,
        {who.state.incarnation, kind, state.number}, address(), context());
  }
}

// -- what the answers come to -------------------------------------------------

void supervisor_actor::on_answered(const probe_answered& what) {
  const auto& [incarnation, kind, number] = what.key;
  auto* who = roster_.find_incarnation(incarnation);
  auto is_expected = [&] {
    auto known = who->probes.find(kind);
    return known != who->probes.end() && known->second.waiting
           && known->second.number == number;
  };
  if (who && is_expected() && policy_of(*who, kind))
    conclude_probe(*who, kind, what.complaint);
  else
    ++seen_.stale_events;
}

/// The last thing a caller may do with `who`: it may be gone afterwards.
/// @param complaint empty for a success
void supervisor_actor::conclude_probe(child& who, probe_kind kind,
                                      const std::string& complaint) {
  auto& state = who.probes.at(kind);
  const auto& policy = *policy_of(who, kind);
  auto was_passing = state.passing;
  auto [next, verdict] = heard(state, policy, complaint.empty());
  state = next;
  arm_probe(who, kind);
  if (!complaint.empty())
    log(layer::supervisors)
      .debug("supervisor {}: a miss of the {} probe of '{}' #{}: {}", id(),
             to_string(kind), who.id, who.state.incarnation, complaint);
  if (kind == probe_kind::readiness) {
    if (was_passing != next.passing)
      on_readiness(who);
  } else if (verdict == probe_verdict::failed) {
    auto text = failure_text(kind, policy, complaint);
    if (kind == probe_kind::startup)
      fail_start(who, std::move(text));
    else
      condemn(who, std::move(text));
  } else if (kind == probe_kind::startup && next.passing) {
    apply(who, child_events::ready{who.state.incarnation});
  }
}

void supervisor_actor::on_readiness(child& who) {
  auto ready = is_ready(who);
  if (ready)
    who.ready_since = clock().now();
  show(who);
  report(ready ? supervision_event::kind::ready
               : supervision_event::kind::not_ready,
         who);
}

void supervisor_actor::fail_start(child& who, std::string why) {
  note_failure(who, exit_kind::start_failed,
               caf::make_error(sup_errc::start_failed, std::move(why)));
  apply(who, child_events::init_failed{who.state.incarnation});
}

/// Kills `who`, which runs, for what its liveness probe says.
void supervisor_actor::condemn(child& who, std::string why) {
  if (stage_ == stage::stopping || absorbs(who))
    return; // it is to be stopped anyway
  exit_info how{.kind = exit_kind::liveness_failed,
                .cls = exit_class::abnormal,
                .message = std::move(why),
                .incarnation = who.state.incarnation};
  how.cls = classified(who, how);
  who.condemned = std::make_unique<exit_info>(std::move(how));
  apply(who, child_events::unhealthy{who.state.incarnation});
}

} // namespace pyactor::supervisors::engine
