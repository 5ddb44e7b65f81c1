#include <pyactor/supervisors/engine/supervisor_actor.hpp>

#include <utility>

namespace pyactor::supervisors::engine {

/// @returns whether a call of `who` is in the way of its stop, and has been
///          interrupted if it is to be given up
bool supervisor_actor::is_in_call(const child& who) const {
  if (!who.notes.calls || who.state.phase != child_phase::stopping)
    return false;
  auto call = who.notes.calls->running(who.handle);
  return call != 0
         && (who.state.step == stop_step::asked
             || call == who.interrupted_call);
}

void supervisor_actor::interrupt(child& who) {
  auto call = who.notes.calls ? who.notes.calls->running(who.handle) : 0;
  if (call == 0)
    return;
  if (std::exchange(who.interrupted_call, call) != call)
    report(supervision_event::kind::hung, who);
  who.notes.calls->interrupt(who.handle, call);
}

/// The end of `who` follows, unless its call has come back just now.
void supervisor_actor::give_up_context(child& who) {
  if (!who.notes.calls->give_up(who.handle, who.interrupted_call))
    return;
  note_zombie(who, who.notes.place);
  report(supervision_event::kind::poisoned, who);
}

/// `who` has ended because of a call that took longer than it may.
void supervisor_actor::note_hung_call(child& who) {
  report(supervision_event::kind::hung, who);
  if (!who.notes.calls || !who.notes.calls->has_lost_context(who.handle))
    return;
  note_zombie(who, who.notes.place);
  report(supervision_event::kind::poisoned, who);
}

/// `who` has ended because its context was given up.
void supervisor_actor::note_wedged_gil(const child& who) {
  if (who.notes.calls && who.notes.calls->has_wedged_gil(who.handle))
    report(supervision_event::kind::gil_wedged, who);
}

/// @param context that was given up for it; empty if none was
void supervisor_actor::note_zombie(const child& who, std::string context) {
  auto id = who.state.incarnation;
  zombie_info zombie{who.spec.id, id, std::move(context)};
  seen_.abandons += zombies_.emplace(id, std::move(zombie)).second;
}

void supervisor_actor::abandon(child& who) {
  auto id = who.state.incarnation;
  note_zombie(who, {});
  who.last_exit = exit_info{.kind = exit_kind::abandoned,
                            .cls = exit_class::abnormal,
                            .message = "did not end although it was killed",
                            .incarnation = id};
  report(supervision_event::kind::abandoned, who);
  if (who.state.stopped_for == stop_cause::unhealthy)
    who.last_exit = condemned_exit(who, true);
  who.requests->close(context());
  roster_.retire(id);
  who.handle = nullptr;
  who.requests = nullptr;
}

} // namespace pyactor::supervisors::engine
