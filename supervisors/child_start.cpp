#include <pyactor/supervisors/child_start.hpp>

#include <pyactor/supervisors/engine/signals.hpp>

namespace pyactor::supervisors {

init_ack::init_ack(caf::actor_addr supervisor, incarnation_id incarnation)
  : supervisor_(std::move(supervisor)), incarnation_(incarnation) {
  // nop
}

void init_ack::operator()(caf::execution_unit* host) const {
  runtime::send_urgently(runtime::upgrade(supervisor_), host,
                         engine::child_acknowledged{incarnation_, {}});
}

void init_ack::operator()(caf::error reason, caf::execution_unit* host) const {
  if (!reason)
    reason = caf::make_error(caf::sec::runtime_error, "unspecified");
  runtime::send_urgently(
    runtime::upgrade(supervisor_), host,
    engine::child_acknowledged{incarnation_, std::move(reason)});
}

start_context::start_context(caf::event_based_actor& supervisor,
                             const std::string& id, incarnation_id incarnation,
                             std::string& place)
  : supervisor_(&supervisor), id_(id), incarnation_(incarnation),
    ack_(supervisor.address(), incarnation), place_(&place) {
  // nop
}

void start_context::runs_in(std::string place) const {
  *place_ = std::move(place);
}

} // namespace pyactor::supervisors
