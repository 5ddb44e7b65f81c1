#include <pyactor/supervisors/child_start.hpp>

#include <pyactor/supervisors/engine/signals.hpp>
#include <pyactor/supervisors/error.hpp>

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
                             const caf::message& arguments, std::string& place)
  : supervisor_(&supervisor), id_(id), incarnation_(incarnation),
    arguments_(arguments), ack_(supervisor.address(), incarnation),
    place_(&place) {
  // nop
}

void start_context::runs_in(std::string place) const {
  *place_ = std::move(place);
}

caf::error wrong_arguments(const start_context& context) {
  auto given = std::to_string(context.arguments().size());
  return caf::make_error(sup_errc::start_failed,
                         "the start function does not take the " + given
                           + " arguments that it was given");
}

} // namespace pyactor::supervisors
