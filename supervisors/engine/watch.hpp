#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/engine/in_flight.hpp>

#include <memory>

/// How a supervisor learns that an actor ended, or does not return from a call.
/// CAF's own monitors name the actor's address only; these name the
/// incarnation, and travel with high priority on the execution unit of the
/// actor that ends. An actor that has ended already answers at once.
namespace pyactor::supervisors::engine {

/// Whose watch it is: `child_ended{incarnation, reason}` goes to `observer`.
struct watch_key {
  caf::actor_addr observer;
  incarnation_id incarnation = 0;

  friend bool operator==(const watch_key& x, const watch_key& y) {
    return x.observer == y.observer && x.incarnation == y.incarnation;
  }
};

/// Watches `who`; holds neither end alive.
/// @param requests  closed when `who` ends; may be null
void watch(const caf::strong_actor_ptr& who, watch_key key,
           std::shared_ptr<in_flight> requests = nullptr);

/// As `watch`, unless somebody watches `who` already: it then has a supervisor.
/// Of several who try at the same time, one succeeds.
/// @param key  its incarnation is not 0: who watches with that, such as a child
///             its parent, supervises nobody
/// @returns whether `who` is watched with `key` now, or has ended
[[nodiscard]] bool claim(const caf::strong_actor_ptr& who, const watch_key& key,
                         std::shared_ptr<in_flight> requests = nullptr);

/// Asks `who` to end, or kills it, ahead of what waits in its mailbox. A kill
/// is sent a second time at the end of the mailbox: an actor that awaits a
/// response puts everything else aside, and what was urgent it does not take up
/// again before the next urgent message (CAF 0.17.6).
/// @param sender  in whose name; null is nobody
/// @param host    where `who` wakes up; null leaves that to the scheduler
void tell_exit(const caf::strong_actor_ptr& who, const caf::actor_addr& sender,
               caf::exit_reason reason, caf::execution_unit* host);

/// Calls the watches of `key` off.
void unwatch(const caf::strong_actor_ptr& who, const watch_key& key);

} // namespace pyactor::supervisors::engine
