#include <pyactor/supervisors/statistics.hpp>

#include <pyactor/runtime/caf.hpp>

namespace pyactor::supervisors {

std::string_view to_string(supervision_event::kind what) noexcept {
  using enum supervision_event::kind;
  switch (what) {
    case starting:
      return "starting";
    case started:
      return "started";
    case restarted:
      return "restarted";
    case exited:
      return "exited";
    case restart_scheduled:
      return "restart_scheduled";
    case start_failed:
      return "start_failed";
    case stop_stalled:
      return "stop_stalled";
    case shutdown_error:
      return "shutdown_error";
    case abandoned:
      return "abandoned";
    case give_up:
      return "give_up";
    case child_given_up:
      return "child_given_up";
    case group_aborted:
      return "group_aborted";
    case auto_shutdown:
      return "auto_shutdown";
    case ready:
      return "ready";
    case not_ready:
      return "not_ready";
    case hung:
      return "hung";
    case poisoned:
      return "poisoned";
    case gil_wedged:
      return "gil_wedged";
    case poison_message:
      return "poison_message";
  }
  return "unknown";
}

std::string to_string(const supervision_event& event) {
  std::string result{to_string(event.what)};
  result += " '" + event.id + "'";
  if (event.incarnation != 0)
    result += " #" + std::to_string(event.incarnation);
  if (event.what == supervision_event::kind::restart_scheduled)
    result += " in " + runtime::render(event.pause);
  if (!event.context.empty())
    result += " in " + event.context;
  for (const auto& other : event.others)
    result += (&other == &event.others.front() ? ", with '" : "', '") + other;
  if (!event.others.empty())
    result += "'";
  if (event.exit)
    result += ": " + to_string(*event.exit);
  return result;
}

} // namespace pyactor::supervisors
