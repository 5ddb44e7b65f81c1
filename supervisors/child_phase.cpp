#include <pyactor/supervisors/child_phase.hpp>

namespace pyactor::supervisors {

std::string_view to_string(child_status status) noexcept {
  switch (status) {
    case child_status::unknown:
      return "unknown";
    case child_status::stopped:
      return "stopped";
    case child_status::starting:
      return "starting";
    case child_status::running:
      return "running";
    case child_status::stopping:
      return "stopping";
    case child_status::restarting:
      return "restarting";
    case child_status::supervisor_down:
      return "supervisor_down";
  }
  return "unknown";
}

} // namespace pyactor::supervisors
