#include <pyactor/supervisors/engine/flag_check.hpp>
#include <pyactor/supervisors/engine/supervisor_actor.hpp>

namespace pyactor::supervisors::engine {

/// Starts the children of the list one after another: the next one when the
/// one before has acknowledged, or had nothing to start.
void supervisor_actor::advance_start() {
  while (stage_ == stage::initializing) {
    auto* who = roster_.first_from(start_cursor_);
    if (!who) {
      finish_start();
      return;
    }
    start_cursor_ = who->position;
    if (who->state.incarnation == 0)
      start(*who, start_cause::init);
    else if (who->state.started_for == start_cause::init
             && (who->state.phase == child_phase::starting
                 || who->state.phase == child_phase::stopping))
      return;
    else
      ++start_cursor_;
  }
}

void supervisor_actor::finish_start() {
  stage_ = stage::operating;
  operating_since_ = clock().now();
  for (auto& promise : std::exchange(awaiting_start_, {}))
    promise.deliver(await_start_reply{});
  if (ack_)
    (*ack_)(context());
}

/// Begins the end of the supervisor; the first reason counts.
/// @param answer  what those hear who wait for the start
void supervisor_actor::begin_stop(caf::error reason, sup_error answer) {
  if (stage_ == stage::stopping || stage_ == stage::ended)
    return;
  auto starting = stage_ == stage::initializing;
  stage_ = stage::stopping;
  group_.reset();
  if (starting)
    record_->set(answer);
  stop_ = running_stop{.reason = std::move(reason),
                       .start_failure = std::move(answer),
                       .keep_alive = this};
  refuse_all_orders(sup_errc::shutting_down);
  cancel_waiting_starts();
}

/// Stops the children one after another, newest first: the next one when the
/// one before has ended, or was abandoned. Those that have been told to stop
/// already are only waited for.
void supervisor_actor::advance_stop() {
  if (stop_order_of(flags_) == stop_order::at_once)
    stop_all_at_once();
  while (auto* who = roster_.last_before(stop_->stopped_from)) {
    const auto& now = who->state;
    if (now.phase == child_phase::stopped) {
      stop_->stopped_from = who->position;
      continue;
    }
    if (now.phase == child_phase::stopping
        && now.stopped_for == stop_cause::supervisor)
      return;
    stop_for_good(*who);
  }
  finish_stop();
}

/// Tells children to stop and does not wait for them. Some at a time, and the
/// next ones not with whatever message comes: they run before the supervisor
/// does again, and so before it answers a question.
void supervisor_actor::stop_all_at_once() {
  if (stop_->carries_on)
    return;
  for (size_t i = 0; i < in_one_step; ++i) {
    auto* who = roster_.last_before(stop_->told_from);
    if (!who)
      break;
    stop_->told_from = who->position;
    stop_for_good(*who);
  }
  stop_->carries_on = roster_.last_before(stop_->told_from) != nullptr;
  if (stop_->carries_on)
    send(this, carry_on_stopping{});
}

/// Whatever comes of it, `who` is not dropped before the supervisor ends.
void supervisor_actor::stop_for_good(child& who) {
  apply(who, child_events::stop{stop_cause::supervisor});
  if (stop_->forced)
    apply(who, child_events::stop_harder{});
}

/// Kills what is being stopped; others as their turn comes. Of those that stop
/// at once, some at a time, too.
void supervisor_actor::force_stop() {
  stop_->forced = true;
  stop_->told_from = ~start_position{0};
  if (stop_order_of(flags_) == stop_order::at_once)
    return;
  for (auto& [position, who] : roster_.children())
    if (who.state.phase == child_phase::stopping
        && who.state.stopped_for == stop_cause::supervisor)
      apply(who, child_events::stop_harder{});
}

void supervisor_actor::finish_stop() {
  stage_ = stage::ended;
  for (auto& promise : std::exchange(awaiting_start_, {}))
    promise.deliver(await_start_reply{std::unexpected{stop_->start_failure}});
  if (ack_ && record_->get())
    (*ack_)(to_caf_error(stop_->start_failure), context());
  quit(stop_->reason);
}

} // namespace pyactor::supervisors::engine
