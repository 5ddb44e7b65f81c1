#include <pyactor/supervisors/engine/deadlines.hpp>

namespace pyactor::supervisors::engine {

void deadlines::set(timer what, time_point when) {
  clear(what);
  // Most deadlines are set in their order.
  by_timer_.emplace(what, order_.emplace_hint(order_.end(), when, what));
}

void deadlines::clear(timer what) {
  auto known = by_timer_.find(what);
  if (known == by_timer_.end())
    return;
  order_.erase(known->second);
  by_timer_.erase(known);
}

void deadlines::move(start_position from, start_position to) {
  using enum timer_purpose;
  for (auto purpose : {step, startup, liveness, readiness})
    if (auto when = find({from, purpose})) {
      clear({from, purpose});
      set({to, purpose}, *when);
    }
}

std::optional<deadlines::time_point> deadlines::find(timer what) const {
  auto known = by_timer_.find(what);
  if (known == by_timer_.end())
    return std::nullopt;
  return known->second->first;
}

deadlines::time_point deadlines::next() const {
  return order_.empty() ? time_point::max() : order_.begin()->first;
}

std::optional<timer> deadlines::pop_due(time_point now) {
  if (order_.empty() || order_.begin()->first > now)
    return std::nullopt;
  auto what = order_.begin()->second;
  order_.erase(order_.begin());
  by_timer_.erase(what);
  return what;
}

} // namespace pyactor::supervisors::engine
