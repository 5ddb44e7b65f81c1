#include <pyactor/supervisors/child_limits.hpp>

namespace pyactor::supervisors {

child_limits::child_limits(std::optional<restart_limit> limit,
                           std::optional<uint64_t> total)
  : left_(total) {
  if (limit)
    window_.emplace(*limit);
}

bool child_limits::add(time_point now) {
  if (left_ && *left_ == 0)
    return false;
  if (window_ && !window_->add(now))
    return false;
  if (left_)
    --*left_;
  return true;
}

} // namespace pyactor::supervisors
