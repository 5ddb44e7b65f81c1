#include <pyactor/supervisors/engine/supervisor_actor.hpp>

namespace pyactor::supervisors::engine {

const start_throttle& supervisor_actor::throttle() const {
  return flags_.throttle ? flags_.throttle : inherited_throttle_;
}

/// @returns what a supervisor inherits that `who` is. One whose spec says that
///          it is none takes room, so that its children must not wait for any.
const start_throttle& supervisor_actor::throttle_below(const child& who) const {
  static const start_throttle none;
  return who.spec->type == child_type::supervisor ? throttle() : none;
}

/// Starts `who` as soon as the limits on starts allow that. A supervisor takes
/// no room: it would hold it while its own children wait for some.
void supervisor_actor::begin_start(child& who) {
  start_needs needs{.rate = who.state.started_for == start_cause::automatic,
                    .room = who.spec->type != child_type::supervisor};
  if (throttle() && (needs.rate || needs.room))
    who.ticket = start_ticket{throttle().state(), needs, {address(), who.id}};
  take_turn(who);
}

/// While it waits, the child's timer is not for its start, but for the rate of
/// restarts. Once the supervisor stops, nothing starts: the turn is the next
/// one's.
void supervisor_actor::take_turn(child& who) {
  if (stage_ == stage::stopping) {
    stop_for_good(who);
    return;
  }
  auto has_waited = who.ticket.waits();
  auto verdict = who.ticket.try_take(clock().now());
  roster_.recount(who);
  if (std::holds_alternative<granted>(verdict)) {
    if (has_waited)
      arm(who, time_for_step(who));
    spawn_incarnation(who);
  } else if (auto* later = std::get_if<wait_until>(&verdict)) {
    deadlines_.set(who.position, later->when);
  } else {
    deadlines_.clear(who.position);
  }
}

/// A turn whose child is gone, or no longer waits, has been passed on. One that
/// was for an earlier start does no harm: whoever waits may ask at any time.
void supervisor_actor::on_turn(const start_turn& what) {
  auto* who = roster_.find(what.child);
  if (who && who->ticket.waits())
    take_turn(*who);
}

} // namespace pyactor::supervisors::engine
