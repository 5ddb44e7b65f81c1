#include <pyactor/supervisors/engine/deadlines.hpp>

namespace pyactor::supervisors::engine {

void deadlines::set(start_position child, time_point when) {
  clear(child);
  order_.emplace(when, child);
  by_child_.emplace(child, when);
}

void deadlines::clear(start_position child) {
  auto known = by_child_.find(child);
  if (known == by_child_.end())
    return;
  order_.erase({known->second, child});
  by_child_.erase(known);
}

std::optional<deadlines::time_point>
deadlines::find(start_position child) const {
  auto known = by_child_.find(child);
  if (known == by_child_.end())
    return std::nullopt;
  return known->second;
}

deadlines::time_point deadlines::next() const {
  return order_.empty() ? time_point::max() : order_.begin()->first;
}

std::optional<start_position> deadlines::pop_due(time_point now) {
  if (order_.empty() || order_.begin()->first > now)
    return std::nullopt;
  auto child = order_.begin()->second;
  order_.erase(order_.begin());
  by_child_.erase(child);
  return child;
}

} // namespace pyactor::supervisors::engine
