#include <pyactor/runtime/routing_policy.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pyactor::runtime {

namespace {

constexpr std::array<std::pair<routing_policy, std::string_view>, 3> names{{
  {routing_policy::scheduler_id, "scheduler-id"},
  {routing_policy::round_robin, "round-robin"},
  {routing_policy::least_loaded, "least-loaded"},
}};

} // namespace

std::string_view to_string(routing_policy policy) noexcept {
  return names[static_cast<size_t>(policy)].second;
}

std::optional<routing_policy>
parse_routing_policy(std::string_view text) noexcept {
  for (auto& [policy, name] : names)
    if (name == text)
      return policy;
  return std::nullopt;
}

size_t pick(routing_policy policy, std::optional<size_t> scheduler, size_t turn,
            std::span<const size_t> loads) noexcept {
  switch (policy) {
    case routing_policy::scheduler_id:
      return scheduler.value_or(turn) % loads.size();
    case routing_policy::round_robin:
      return turn % loads.size();
    case routing_policy::least_loaded:
      return static_cast<size_t>(std::ranges::min_element(loads)
                                 - loads.begin());
  }
  std::unreachable();
}

} // namespace pyactor::runtime
