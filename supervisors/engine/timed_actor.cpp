#include <pyactor/supervisors/engine/timed_actor.hpp>

namespace pyactor::supervisors::engine {

timed_actor::timed_actor(caf::actor_config& config)
  : caf::event_based_actor(config) {
  // nop
}

/// A later time needs no timeout of its own: the earlier one asks again. So
/// deadlines that are called off before their time, as nearly all are, cost
/// nothing.
void timed_actor::wake_by(time_point when) {
  if (when >= alarm_)
    return;
  alarm_ = when;
  runtime::set_timeout(*this, when);
}

/// CAF itself would drop the timeout.
caf::invoke_message_result timed_actor::consume(caf::mailbox_element& what) {
  if (!runtime::is_timeout(what))
    return event_based_actor::consume(what);
  current_mailbox_element(&what);
  alarm_ = time_point::max();
  on_wake();
  return caf::invoke_message_result::consumed;
}

} // namespace pyactor::supervisors::engine
