#include <pyactor/libpyactor/log.hpp>
#include <pyactor/supervisors/engine/supervisor_actor.hpp>
#include <pyactor/supervisors/reload_plan.hpp>

namespace pyactor::supervisors::engine {

void supervisor_actor::dispatch(reload_order what) {
  auto refuse = [&](sup_error why) {
    what.promise.deliver(reload_reply{std::unexpected{std::move(why)}});
  };
  if (stage_ == stage::stopping || stage_ == stage::ended)
    refuse({.code = sup_errc::shutting_down});
  else if (auto valid = check_supervisor(what.what.flags, what.what.specs);
           !valid)
    refuse(std::move(valid).error());
  else if (auto wrong = bad_change(what.what); !wrong.empty())
    refuse({.code = sup_errc::invalid_spec, .message = std::string{wrong}});
  else if (stage_ == stage::initializing || group_ || reload_)
    held_orders_.emplace_back(std::move(what));
  else if (template_)
    reload_template(std::move(what));
  else
    begin_reload(std::move(what));
}

/// @returns what is wrong about giving these valid flags and specs to this
///          supervisor; empty if nothing
std::string_view supervisor_actor::bad_change(const reload& what) const {
  auto is_simple = what.flags.strategy == restart_strategy::simple_one_for_one;
  if (is_simple != template_.has_value())
    return "a supervisor cannot become simple_one_for_one, nor cease to be it";
  if (template_ && what.specs.front().id != template_->spec()->id)
    return "the one spec of simple_one_for_one has to keep its id";
  return {};
}

// -- what takes effect at once ------------------------------------------------

void supervisor_actor::begin_reload(reload_order what) {
  auto& [flags, specs, mode] = what.what;
  spec_list before;
  for (const auto& [position, who] : roster_.children())
    before.emplace_back(*who.spec);
  for (auto& spec : specs)
    spec = with_defaults(std::move(spec));
  auto plan = plan_reload(before, specs, mode);
  change_flags(std::move(flags));
  for (auto& spec : specs)
    if (auto* who = roster_.find(spec.id))
      update(*who, std::make_shared<const child_spec>(std::move(spec)));
    else
      add_stopped(spec.id, std::make_shared<const child_spec>(spec));
  put_in_order(plan.order);
  reload_ = running_reload{std::move(what.promise), std::move(plan.summary)};
  choose_movers(mode);
  log(layer::supervisors)
    .info("supervisor {}: reload: {} added, {} changed, {} removed, {} kept",
          id(), reload_->summary.added.size(), reload_->summary.changed.size(),
          reload_->summary.removed.size(), reload_->summary.kept.size());
}

/// What a temporary child was given is gone, so that it stays temporary.
void supervisor_actor::reload_template(reload_order what) {
  auto& [flags, specs, mode] = what.what;
  auto spec = with_defaults(std::move(specs.front()));
  auto plan = plan_reload({*template_->spec()}, {&spec, 1}, mode);
  change_flags(std::move(flags));
  template_->change(std::move(spec));
  auto temporary = *template_->spec();
  temporary.restart = restart_type::temporary;
  auto of_temporary = std::make_shared<const child_spec>(std::move(temporary));
  for (auto& [position, who] : roster_.children())
    update(who, who.spec->restart == restart_type::temporary
                  ? of_temporary
                  : template_->spec());
  what.promise.deliver(reload_reply{std::move(plan.summary)});
}

void supervisor_actor::change_flags(supervisor_flags flags) {
  flags_ = std::move(flags);
  if (flags_.auto_shutdown != auto_shutdown::all_significant)
    awaits_last_ = false;
  intensity_.change({flags_.intensity, flags_.period}, clock().now());
}

child& supervisor_actor::add_stopped(std::string id,
                                     std::shared_ptr<const child_spec> spec) {
  auto& who = roster_.add(std::move(id), std::move(spec));
  open_reception(who);
  show(who);
  return who;
}

/// Gives `who` another spec. A start or a step of a stop that is under way gets
/// the time that the new spec allows, from its beginning. A pause before a
/// restart stays as it is.
void supervisor_actor::update(child& who,
                              std::shared_ptr<const child_spec> spec) {
  auto now = clock().now();
  auto before = time_for_step(who);
  auto other_reception = who.spec->while_down != spec->while_down;
  who.spec = std::move(spec);
  roster_.recount(who);
  who.limits.change(who.spec->limit, who.spec->max_total_restarts, now);
  if (who.breaker)
    who.breaker->change(who.spec->poison_threshold, who.spec->while_down);
  update_probes(who);
  if (other_reception) {
    open_reception(who);
    show(who); // after the probes, which say whether it is ready
  }
  auto after = time_for_step(who);
  auto is_timed = who.state.phase == child_phase::starting
                  || who.state.phase == child_phase::stopping;
  if (!is_timed || who.ticket.waits() || after == before)
    return;
  auto elapsed = std::chrono::nanoseconds::zero();
  if (auto due = deadlines_.find(who.position))
    elapsed = now - (*due - before);
  arm(who, std::max(after - elapsed, std::chrono::nanoseconds::zero()));
}

/// @pre nothing but children and deadlines refers to positions
void supervisor_actor::put_in_order(const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    auto& who = *roster_.find(id);
    auto before = who.position;
    roster_.move_to_end(who);
    deadlines_.move(before, who.position);
  }
}

/// Notes who leaves, and who is to be started: new ones, and those that waited
/// for a restart that no longer takes them along.
void supervisor_actor::choose_movers(reload_mode mode) {
  for (const auto& id : reload_->summary.removed) {
    roster_.find(id)->leaves = true;
    reload_->ids.insert(id);
  }
  std::unordered_set<std::string_view> added;
  if (mode == reload_mode::converge)
    added.insert(reload_->summary.added.begin(), reload_->summary.added.end());
  auto to_come = plan_to_come();
  for (auto& [position, who] : roster_.children()) {
    auto is_stranded
      = who.stopped_by_group && !(to_come && to_come->covers(position));
    if (!added.contains(who.id) && !is_stranded)
      continue;
    who.stopped_by_group = false;
    reload_->to_start.push_back(who.id);
    reload_->ids.insert(who.id);
  }
}

/// @returns the plan of the oldest child that waits for its restart, if there
///          is one: it covers all others that the plan of a younger one does
std::optional<restart_plan> supervisor_actor::plan_to_come() const {
  const auto& all = roster_.children();
  auto oldest = std::ranges::find_if(all, [](const auto& entry) {
    const auto& who = entry.second;
    return who.state.phase == child_phase::restarting && !who.leaves;
  });
  if (oldest == all.end())
    return std::nullopt;
  return plan_restart(flags_.strategy, oldest->first);
}

// -- what takes time ----------------------------------------------------------

/// @returns false while it waits for a child
bool supervisor_actor::advance_reload() {
  if (!stop_leaving() || !start_added())
    return false;
  if (auto done = std::exchange(reload_, std::nullopt))
    done->promise.deliver(reload_reply{std::move(done->summary)});
  return true;
}

/// Stops those that leave one after another, and drops them.
bool supervisor_actor::stop_leaving() {
  while (reload_ && reload_->stopped < reload_->summary.removed.size()) {
    auto* who = roster_.find(reload_->summary.removed[reload_->stopped]);
    if (!who) {
      ++reload_->stopped;
    } else if (who->state.phase == child_phase::stopped) {
      ++reload_->stopped;
      forget(*who);
    } else if (who->state.phase == child_phase::stopping
               && who->state.stopped_for == stop_cause::request) {
      return false;
    } else {
      apply(*who, child_events::stop{stop_cause::request});
    }
  }
  return true;
}

/// Starts those that are to be started one after another. One that cannot start
/// holds up no other.
bool supervisor_actor::start_added() {
  while (reload_ && reload_->started < reload_->to_start.size()) {
    auto* who = roster_.find(reload_->to_start[reload_->started]);
    if (who && !reload_->begun) {
      reload_->begun = true;
      auto is_restart = who->starts > 0 && who->waiting.empty();
      start(*who, is_restart ? start_cause::automatic : start_cause::request);
    } else if (who
               && (who->state.phase == child_phase::starting
                   || who->state.phase == child_phase::stopping)) {
      return false;
    } else {
      ++reload_->started;
      reload_->begun = false;
    }
  }
  return true;
}

/// Tells the one who has ordered a reload of a child that could not start.
void supervisor_actor::note_failed_start(const sup_error& what) {
  if (reload_ && reload_->begun
      && reload_->to_start[reload_->started] == what.id)
    reload_->summary.failed.push_back(what);
}

// -- what a reload means for others -------------------------------------------

/// @returns whether a restart, which may take others along, has to wait
bool supervisor_actor::must_hold_restarts() const {
  return group_
         || ((reload_ || stage_ == stage::initializing)
             && flags_.strategy != restart_strategy::one_for_one);
}

/// @returns whether an order for the child of this id has to wait
bool supervisor_actor::must_hold_orders(const std::string& id) const {
  return stage_ == stage::initializing || must_hold_restarts()
         || (reload_ && reload_->ids.contains(id));
}

} // namespace pyactor::supervisors::engine
