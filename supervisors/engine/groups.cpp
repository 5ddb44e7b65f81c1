#include <pyactor/supervisors/engine/supervisor_actor.hpp>

namespace pyactor::supervisors::engine {

namespace {

/// @returns whether somebody has ordered a start of `who` that is no restart
bool is_wanted(const child& who) {
  return std::ranges::any_of(who.waiting, [](const order& what) {
    return what.what != operation::retry_now;
  });
}

} // namespace

/// Does the next of what has had to wait: while a group restart or a reload
/// runs, it comes first, then ends in the order of their arrival, then orders.
/// @returns whether something was done
bool supervisor_actor::carry_on() {
  if (group_)
    return advance_group();
  if (reload_ && advance_reload())
    return true;
  if (!deferred_.empty() && !must_hold_restarts())
    take_deferred();
  else if (std::exchange(unsettled_, false))
    settle_all();
  else if (!held_orders_.empty() && !reload_)
    for (auto& held : std::exchange(held_orders_, {}))
      std::visit([this](auto& what) { dispatch(std::move(what)); }, held);
  else
    return false;
  return true;
}

void supervisor_actor::take_deferred() {
  auto next = std::move(deferred_.front());
  deferred_.pop_front();
  if (auto* end = std::get_if<child_ended>(&next)) {
    on_ended(*end);
    return;
  }
  auto [position, incarnation, pause] = std::get<pause_ended>(next);
  auto* who = roster_.find(position);
  // While the supervisor stops, nothing comes back any more.
  if (stage_ == stage::operating && who
      && who->state.phase == child_phase::restarting
      && who->state.incarnation == incarnation)
    restart(*who, pause);
}

// -- one group restart --------------------------------------------------------

void supervisor_actor::begin_group(const child& failed,
                                   const restart_plan& plan,
                                   std::chrono::nanoseconds pause) {
  group_ = group_restart{plan, failed.position, pause};
  // An end that waited may be that of a member, which now is absorbed; CAF will
  // not report it again.
  for (auto& what : std::exchange(deferred_, {}))
    if (auto* end = std::get_if<child_ended>(&what))
      on_ended(*end);
    else
      deferred_.push_back(std::move(what));
}

/// @returns false while it waits for a member
bool supervisor_actor::advance_group() {
  if (group_->now == group_restart::stage::starting)
    return start_members();
  if (!stop_members())
    return false;
  auto pause = group_->pause;
  if (pause.count() > 0) {
    auto* failed = roster_.find(group_->failed);
    end_group();
    start_after(*failed, pause);
    return true;
  }
  group_->now = group_restart::stage::starting;
  group_->cursor = group_->plan.first;
  return start_members();
}

/// Stops the members, newest first, each after the one before has ended.
bool supervisor_actor::stop_members() {
  while (auto* who = roster_.last_before(group_->cursor)) {
    auto position = who->position;
    if (!group_->plan.covers(position))
      break;
    switch (when_stopping(who->state, position == group_->failed)) {
      case group_step::act:
        apply(*who, child_events::stop{stop_cause::group});
        break;
      case group_step::wait:
        return false;
      case group_step::skip:
        group_->cursor = position;
        // Added by a reload, and not started since.
        if (who->spec->restart == restart_type::temporary
            && who->state.phase == child_phase::stopped)
          forget(*who);
        break;
    }
  }
  return true;
}

/// Starts the members, oldest first, each after the one before is ready. One
/// whose start fails ends this.
bool supervisor_actor::start_members() {
  while (group_) {
    auto* who = roster_.first_from(group_->cursor);
    if (!who || !group_->plan.covers(who->position)) {
      end_group();
      break;
    }
    if (group_->cursor != who->position) {
      group_->cursor = who->position;
      group_->begun = false;
    }
    switch (who->given_up ? group_step::skip
                          : when_starting(who->state, group_->begun)) {
      case group_step::act:
        group_->begun = true;
        // A caller who waits for its start is told how it went.
        start(*who,
              is_wanted(*who) ? start_cause::request : start_cause::automatic);
        break;
      case group_step::wait:
        return false;
      case group_step::skip:
        ++group_->cursor;
        group_->begun = false;
        break;
    }
  }
  return true;
}

void supervisor_actor::end_group() {
  group_.reset();
  unsettled_ = true;
}

/// The group now waits for `who`, whose start has failed, and no longer for the
/// child that brought it about.
void supervisor_actor::fail_group(const child& who) {
  auto* cause = roster_.find(group_->failed);
  if (cause && cause != &who && cause->state.phase == child_phase::restarting) {
    apply(*cause, child_events::stop{stop_cause::group});
    // A reload may have made it temporary: then it is gone.
    if (auto* still = roster_.find(group_->failed))
      still->stopped_by_group = true;
  }
  end_group();
}

/// The child that a group waits for does not come back: nor do the others.
void supervisor_actor::abort_group(child& failed) {
  auto plan = plan_restart(flags_.strategy, failed.position);
  if (!plan.is_group())
    return;
  std::vector<std::string> ids;
  for (auto& [position, member] : roster_.children())
    if (plan.covers(position) && std::exchange(member.stopped_by_group, false))
      ids.push_back(member.id);
  if (!ids.empty())
    report(supervision_event::kind::group_aborted, failed, {}, std::move(ids));
}

/// A caller who wanted the member to end is content; one who wanted it to start
/// waits for its turn.
void supervisor_actor::on_member_stopped(child& who) {
  who.down_since = clock().now();
  std::erase_if(who.waiting, [](order& what) {
    auto done = what.what == operation::terminate_child;
    if (done)
      answer(what, incarnation_id{0});
    return done;
  });
  if (who.spec->restart != restart_type::temporary) {
    who.stopped_by_group = true;
    return;
  }
  answer_starts(who, std::unexpected{
                       sup_error{.code = sup_errc::terminated, .id = who.id}});
  forget(who);
}

// -- what a group restart means for others ------------------------------------

bool supervisor_actor::is_stopping_with_group(const child& who) const {
  return group_ && group_->now == group_restart::stage::stopping
         && group_->plan.covers(who.position);
}

/// @returns whether an end of `who` leads to nothing, because it is to be
///          stopped anyway
bool supervisor_actor::absorbs(const child& who) const {
  return is_stopping_with_group(who) || who.leaves;
}

/// @returns whether an end of `who` is dealt with later
bool supervisor_actor::must_wait(const child& who) const {
  if (who.state.phase != child_phase::running)
    return false;
  if (stage_ == stage::initializing)
    return flags_.strategy != restart_strategy::one_for_one
           || who.spec->significant;
  return stage_ == stage::operating && must_hold_restarts() && !absorbs(who);
}

} // namespace pyactor::supervisors::engine
