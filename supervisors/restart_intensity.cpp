#include <pyactor/supervisors/restart_intensity.hpp>

#include <algorithm>

namespace pyactor::supervisors {

restart_intensity::restart_intensity(restart_limit limit) : limit_(limit) {
  // nop
}

bool restart_intensity::add(time_point now) {
  auto is_stale = [&] {
    return restarts_.size() > limit_.intensity
           || now - restarts_.front() > limit_.period;
  };
  while (!restarts_.empty() && is_stale())
    restarts_.pop_front();
  restarts_.push_back(now);
  return restarts_.size() <= limit_.intensity;
}

size_t restart_intensity::used(time_point now) const {
  auto recent = [&](time_point t) { return now - t <= limit_.period; };
  return std::ranges::count_if(restarts_, recent);
}

} // namespace pyactor::supervisors
