#include <pyactor/supervisors/start_throttle.hpp>

#include <pyactor/supervisors/engine/start_ticket.hpp>

#include <stdexcept>

namespace pyactor::supervisors {

start_throttle::start_throttle(const start_limits& limits) {
  if (limits.max_concurrent_starts == size_t{0})
    throw std::invalid_argument{
      "start_throttle: max_concurrent_starts must not be 0"};
  // Written so that NaN is refused, too.
  if (limits.restarts_per_second && !(*limits.restarts_per_second > 0))
    throw std::invalid_argument{
      "start_throttle: restarts_per_second must be positive"};
  if (limits.restart_burst == 0)
    throw std::invalid_argument{"start_throttle: restart_burst must not be 0"};
  state_ = std::make_shared<engine::throttle_state>(limits);
}

std::optional<start_limits> start_throttle::limits() const {
  return state_ ? std::optional{state_->limits()} : std::nullopt;
}

size_t start_throttle::waiting() const {
  return state_ ? state_->waiting() : 0;
}

size_t start_throttle::starting() const {
  return state_ ? state_->starting() : 0;
}

} // namespace pyactor::supervisors
