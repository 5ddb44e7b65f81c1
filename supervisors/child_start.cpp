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

void init_ack::operator()(start_ignored ignored,
                          caf::execution_unit* host) const {
  runtime::send_urgently(runtime::upgrade(supervisor_), host,
                         engine::child_acknowledged{incarnation_, ignored});
}

void init_ack::operator()(caf::error reason, caf::execution_unit* host) const {
  if (!reason)
    reason = caf::make_error(caf::sec::runtime_error, "unspecified");
  runtime::send_urgently(
    runtime::upgrade(supervisor_), host,
    engine::child_acknowledged{incarnation_, std::move(reason)});
}

start_context::start_context(caf::event_based_actor& supervisor,
                             const start_terms& terms, start_notes& notes)
  : supervisor_(&supervisor), terms_(terms),
    ack_(supervisor.address(), terms.incarnation), notes_(&notes) {
  // nop
}

start_context start_context::with(const caf::message& arguments) const {
  return {*supervisor_,
          {terms_.id, terms_.incarnation, arguments, terms_.max_handler_time,
           terms_.isolation, terms_.throttle, terms_.breaker},
          *notes_};
}

void start_context::runs_in(std::string place) const {
  notes_->place = std::move(place);
}

void start_context::is_isolated() const {
  notes_->is_isolated = true;
}

void start_context::may_interrupt(
  std::shared_ptr<const child_calls> calls) const {
  notes_->calls = std::move(calls);
}

void start_context::tell(caf::message what) const {
  notes_->told = std::move(what);
}

void start_context::shows_children_in(
  std::shared_ptr<engine::child_directory> children) const {
  notes_->children = std::move(children);
}

caf::error wrong_arguments(const start_context& context) {
  auto given = std::to_string(context.arguments().size());
  return caf::make_error(sup_errc::start_failed,
                         "the start function does not take the " + given
                           + " arguments that it was given");
}

} // namespace pyactor::supervisors
