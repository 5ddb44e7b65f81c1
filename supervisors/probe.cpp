#include <pyactor/supervisors/probe.hpp>

namespace pyactor::supervisors {

bool is_valid(const probe& what) noexcept {
  using std::chrono::nanoseconds;
  return !what.question.empty() && what.period > nanoseconds::zero()
         && what.timeout > nanoseconds::zero()
         && what.initial_delay >= nanoseconds::zero()
         && what.failure_threshold > 0 && what.success_threshold > 0;
}

std::string_view to_string(probe_kind kind) noexcept {
  switch (kind) {
    case probe_kind::startup:
      return "startup";
    case probe_kind::liveness:
      return "liveness";
    case probe_kind::readiness:
      return "readiness";
  }
  return "unknown";
}

} // namespace pyactor::supervisors
