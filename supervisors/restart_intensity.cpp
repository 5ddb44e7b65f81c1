#include <pyactor/supervisors/restart_intensity.hpp>

#include <algorithm>

namespace pyactor::supervisors {

restart_intensity::restart_intensity(restart_limit limit) : limit_(limit) {
  // nop
}

bool restart_intensity::add(time_point now) {
  forget_stale(now);
  while (restarts_.size() > limit_.intensity)
    restarts_.pop_front();
  restarts_.push_back(now);
  return restarts_.size() <= limit_.intensity;
}

void restart_intensity::take_back() {
  restarts_.pop_back();
}

void restart_intensity::change(restart_limit limit, time_point now) {
  limit_ = limit;
  forget_stale(now);
}

void restart_intensity::forget_stale(time_point now) {
  while (!restarts_.empty() && now - restarts_.front() > limit_.period)
    restarts_.pop_front();
}

size_t restart_intensity::used(time_point now) const {
  auto recent = [&](time_point t) { return now - t <= limit_.period; };
  return std::ranges::count_if(restarts_, recent);
}

} // namespace pyactor::supervisors
