#include <pyactor/supervisors/engine/supervisor_actor.hpp>

namespace pyactor::supervisors::engine {

/// Shows clients what the child is doing: an incarnation while it is ready.
void supervisor_actor::show(child& who, std::chrono::nanoseconds retry_after) {
  auto status = status_of(who.state);
  if (!is_ready(who))
    who.slot->show(status, retry_after, who.reception);
  else
    who.slot->show(std::make_shared<const child_view>(
      child_view{status, who.handle, who.requests, {}, who.reception}));
  if (who.reception)
    who.reception->show(*who.slot->look(), context());
}

/// Gives clients another reception, where the spec has changed it; messages
/// that wait at the old one fail.
void supervisor_actor::open_reception(child& who) {
  close_reception(who);
  if (!std::holds_alternative<fail_fast>(who.spec.while_down))
    who.reception
      = std::make_shared<reception>(who.spec.id, who.spec.while_down);
}

void supervisor_actor::close_reception(child& who) {
  if (auto old = std::exchange(who.reception, nullptr))
    old->show(child_view{}, context());
}

/// @returns whether `who` has the name that its spec wants
bool supervisor_actor::claim_name(child& who) {
  const auto& wanted = who.spec.register_as;
  if (!who.name || who.name->text() != wanted) {
    who.name = nullptr;
    if (!wanted.empty())
      who.name = claimed_name::claim(system(), wanted, who.slot);
  }
  return who.name || wanted.empty();
}

} // namespace pyactor::supervisors::engine
