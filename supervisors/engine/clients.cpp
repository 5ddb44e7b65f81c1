#include <pyactor/supervisors/engine/supervisor_actor.hpp>

namespace pyactor::supervisors::engine {

/// Shows clients what the child is doing: an incarnation while it is ready.
void supervisor_actor::show(child& who, std::chrono::nanoseconds retry_after) {
  child_view view{.status = status_of(who.state)};
  if (is_ready(who)) {
    view.handle = who.handle;
    view.requests = who.requests;
    view.children = who.notes.children;
  } else {
    view.retry_after = retry_after;
  }
  if (who.reception) // before anybody is sent there
    who.reception->show(view, context());
  view.reception = who.reception;
  who.slot->show(std::move(view));
}

/// Gives clients another reception, where the spec has changed it; messages
/// that wait at the old one fail.
void supervisor_actor::open_reception(child& who) {
  close_reception(who, child_status::unknown);
  if (!std::holds_alternative<fail_fast>(who.spec->while_down))
    who.reception = std::make_shared<reception>(who.id, who.spec->while_down);
}

/// @param status what those who wait are told, for which nobody comes any more
void supervisor_actor::close_reception(child& who, child_status status) {
  if (auto old = std::exchange(who.reception, nullptr))
    old->show({.status = status}, context());
}

/// @returns whether `who` has the name that its spec wants
bool supervisor_actor::claim_name(child& who) {
  const auto& wanted = who.spec->register_as;
  if (!who.name || who.name->text() != wanted) {
    who.name = nullptr;
    if (!wanted.empty())
      who.name = claimed_name::claim(system(), wanted, who.slot);
  }
  return who.name || wanted.empty();
}

} // namespace pyactor::supervisors::engine
