#include <pyactor/runtime/context_units.hpp>

#include <pyactor/runtime/context.hpp>

namespace pyactor::runtime {

resident_unit::resident_unit(caf::actor_system& system, context& owner)
  : execution_unit(&system), owner_(owner) {
}

void resident_unit::exec_later(caf::resumable* job) {
  auto queued = context::current() == &owner_ ? owner_.loop_.push_here(job)
                                              : owner_.loop_.push(job);
  if (!queued)
    owner_.bounce(job);
}

guest_unit::guest_unit(caf::actor_system& system, context& owner)
  : execution_unit(&system), owner_(owner) {
}

void guest_unit::exec_later(caf::resumable* job) {
  // A promise may be kept on any thread; only ours runs what it wakes.
  if (context::current() != &owner_ || !owner_.loop_.push_guest(job)) {
    reschedule(system(), job);
    return;
  }
  if (owner_.config_.announce_guest)
    owner_.config_.announce_guest();
}

} // namespace pyactor::runtime
