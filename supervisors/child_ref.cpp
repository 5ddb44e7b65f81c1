#include <pyactor/supervisors/child_ref.hpp>

#include <pyactor/supervisors/engine/child_proxy.hpp>

namespace pyactor::supervisors {

namespace {

std::unexpected<caf::error> unavailable(const engine::child_view& view) {
  return std::unexpected{
    child_unavailable{view.status, view.retry_after}.to_error()};
}

} // namespace

caf::error request_fate::translate(const caf::error& what) const {
  if (is_relayed)
    return what;
  if (incarnation == 0)
    return obstacle.to_error();
  // The second is what a promise gets that the incarnation still owed.
  if (what == caf::sec::request_receiver_down
      || what.category() == runtime::exit_category)
    return child_down{incarnation}.to_error();
  return what;
}

void request_fate::count(const caf::error& outcome,
                         engine::in_flight::ticket* ticket) const {
  if (ticket && child_down::from_error(outcome))
    ticket->lose();
}

child_ref::child_ref(std::shared_ptr<engine::child_slot> slot)
  : slot_(std::move(slot)) {
  // nop
}

std::expected<caf::actor, caf::error> child_ref::current() const {
  auto view = slot_->look();
  if (!view->handle)
    return unavailable(*view);
  return view->handle;
}

std::expected<incarnation_id, caf::error> child_ref::incarnation() const {
  auto view = slot_->look();
  if (!view->handle)
    return unavailable(*view);
  return view->requests->incarnation();
}

child_status child_ref::status() const noexcept {
  return slot_->look()->status;
}

bool child_ref::is_relayed() const noexcept {
  return slot_->look()->takes_detour();
}

caf::actor child_ref::proxy(caf::actor_system& system) const {
  return engine::make_proxy(system, slot_);
}

} // namespace pyactor::supervisors
