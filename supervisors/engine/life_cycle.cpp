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
  if (roster_.totals().throttled > 0)
    stop_->withdrawn_to = 0;
  refuse_all_orders(sup_errc::shutting_down);
}

/// Stops some children, and the next ones not with whatever message comes: what
/// that wakes up runs before the supervisor does again, and so before it
/// answers a question.
void supervisor_actor::advance_stop() {
  if (stop_->carries_on)
    return;
  for (size_t i = 0; i < in_one_step; ++i)
    if (!stop_next())
      return;
  stop_->carries_on = true;
  send(this, carry_on_stopping{});
}

/// Stops the next child: first those that wait for the limits on starts, so
/// that others need not wait for them. Then the newest, when the one before it
/// has ended, or was abandoned; one that has been told to stop already is only
/// waited for. Where they stop at once, all are told before any is waited for.
/// @returns whether there may be another one to stop now
bool supervisor_actor::stop_next() {
  if (stop_->withdrawn_to) {
    if (auto* who = roster_.first_from(*stop_->withdrawn_to)) {
      stop_->withdrawn_to = who->position + 1;
      if (who->ticket.waits())
        stop_for_good(*who);
      return true;
    }
    stop_->withdrawn_to.reset(); // which spares each later step a look
  }
  if (stop_order_of(flags_) == stop_order::at_once) {
    if (auto* who = roster_.last_before(stop_->told_from)) {
      stop_->told_from = who->position;
      stop_for_good(*who);
      return true;
    }
  }
  auto* who = roster_.last_before(stop_->stopped_from);
  while (who && who->state.phase == child_phase::stopped) {
    stop_->stopped_from = who->position;
    who = roster_.last_before(stop_->stopped_from);
  }
  if (!who) {
    finish_stop();
    return false;
  }
  if (who->state.phase == child_phase::stopping
      && who->state.stopped_for == stop_cause::supervisor)
    return false;
  stop_for_good(*who);
  return true;
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
