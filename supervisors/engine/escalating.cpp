#include <pyactor/supervisors/engine/escalating.hpp>

#include <algorithm>

namespace pyactor::supervisors::engine {

std::chrono::nanoseconds
longest_pause(const std::optional<restart_backoff>& backoff,
              std::chrono::nanoseconds min_retry_delay,
              std::chrono::nanoseconds period) noexcept {
  return backoff ? backoff->max : std::max(min_retry_delay, period);
}

} // namespace pyactor::supervisors::engine
