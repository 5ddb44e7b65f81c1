#include <pyactor/supervisors/engine/supervisor_actor.hpp>

#include <utility>

namespace pyactor::supervisors::engine {

bool supervisor_actor::is_in_call(const child& who) const {
  return who.state.phase == child_phase::stopping
         && who.stuck.holds_up(who.notes.calls.get(), who.handle,
                               who.state.step);
}

void supervisor_actor::interrupt(child& who) {
  if (auto call = who.stuck.interrupt(who.notes.calls.get(), who.handle))
    report_once(who, runtime::call_trouble::hung, call);
}

void supervisor_actor::on_trouble(const child_in_trouble& what) {
  if (auto* who = roster_.find_incarnation(what.incarnation))
    report_once(*who, what.what, what.call);
  else
    ++seen_.stale_events;
}

/// Several may tell of one call.
void supervisor_actor::report_once(child& who, runtime::call_trouble what,
                                   uint64_t call) {
  using kind = supervision_event::kind;
  auto is_hung = what == runtime::call_trouble::hung;
  auto& last = is_hung ? who.hung_call : who.wedged_call;
  if (std::exchange(last, call) != call)
    report(is_hung ? kind::hung : kind::gil_wedged, who);
}

/// The end of `who` follows, unless its call has come back just now.
void supervisor_actor::give_up_context(child& who) {
  if (!who.stuck.give_up(*who.notes.calls, who.handle))
    return;
  note_zombie(who, who.notes.place);
  report(supervision_event::kind::poisoned, who);
}

/// `who` has ended because of a call that took longer than it may.
void supervisor_actor::note_hung_call(child& who) {
  if (who.hung_call == 0)
    report(supervision_event::kind::hung, who);
  if (!who.notes.calls || !who.notes.calls->has_lost_context(who.handle))
    return;
  note_zombie(who, who.notes.place);
  report(supervision_event::kind::poisoned, who);
}

/// `who` has ended because its context was given up.
void supervisor_actor::note_wedged_gil(const child& who) {
  if (who.wedged_call == 0 && who.notes.calls
      && who.notes.calls->has_wedged_gil(who.handle))
    report(supervision_event::kind::gil_wedged, who);
}

void supervisor_actor::look_back(const child& who) {
  if (!who.notes.calls)
    return;
  auto notes = who.notes.calls->look_back(who.handle);
  seen_.lost_messages += notes.lost_messages;
  if (notes.has_poisoned_context)
    report(supervision_event::kind::poisoned, who);
}

/// @param context that was given up for it; empty if none was
void supervisor_actor::note_zombie(const child& who, std::string context) {
  auto id = who.state.incarnation;
  zombie_info zombie{who.id, id, std::move(context)};
  seen_.abandons += zombies_.emplace(id, std::move(zombie)).second;
}

void supervisor_actor::abandon(child& who) {
  auto id = who.state.incarnation;
  note_zombie(who, {});
  who.last_exit = std::make_unique<exit_info>(
    exit_info{.kind = exit_kind::abandoned,
              .cls = exit_class::abnormal,
              .message = "did not end although it was killed",
              .incarnation = id});
  report(supervision_event::kind::abandoned, who);
  if (who.state.stopped_for == stop_cause::unhealthy) {
    *who.last_exit = condemned_exit(who, true);
    note_crash(who);
  }
  who.requests->close(context());
  roster_.retire(id);
  who.handle = nullptr;
  who.requests = nullptr;
}

} // namespace pyactor::supervisors::engine
