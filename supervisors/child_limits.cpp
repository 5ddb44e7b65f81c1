#include <pyactor/supervisors/child_limits.hpp>

namespace pyactor::supervisors {

child_limits::child_limits(std::optional<restart_limit> limit,
                           std::optional<uint64_t> total)
  : total_(total) {
  if (limit)
    window_ = std::make_unique<restart_intensity>(*limit);
}

bool child_limits::add(time_point now) {
  if (total_ && used_ >= *total_)
    return false;
  if (window_ && !window_->add(now))
    return false;
  ++used_;
  return true;
}

void child_limits::change(std::optional<restart_limit> limit,
                          std::optional<uint64_t> total, time_point now) {
  total_ = total;
  if (!limit)
    window_.reset();
  else if (window_)
    window_->change(*limit, now);
  else
    window_ = std::make_unique<restart_intensity>(*limit);
}

} // namespace pyactor::supervisors
