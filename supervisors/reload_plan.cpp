#include <pyactor/supervisors/reload_plan.hpp>

#include <ranges>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace pyactor::supervisors {

namespace {

/// @returns all of `what` but its question, which cannot be compared
auto data_of(const std::optional<probe>& what) {
  auto data = [](const probe& x) {
    return std::tuple{x.period, x.timeout, x.initial_delay, x.failure_threshold,
                      x.success_threshold};
  };
  return what ? std::optional{data(*what)} : std::nullopt;
}

/// @returns all of `spec` that can be compared
auto data_of(const child_spec& spec) {
  return std::tuple_cat(
    std::tie(spec.restart, spec.significant, spec.type, spec.shutdown,
             spec.start_timeout, spec.backoff, spec.limit,
             spec.max_total_restarts, spec.poison_threshold,
             spec.max_handler_time, spec.while_down, spec.register_as,
             spec.isolation, spec.tags),
    std::tuple{data_of(spec.startup), data_of(spec.liveness),
               data_of(spec.readiness)});
}

} // namespace

reload_plan plan_reload(const spec_list& before,
                        std::span<const child_spec> after, reload_mode mode) {
  reload_plan result;
  auto& [added, changed, removed, kept, failed] = result.summary;
  std::unordered_map<std::string_view, const child_spec*> old;
  for (const child_spec& spec : before)
    old.emplace(spec.id, &spec);
  std::unordered_set<std::string_view> wanted;
  for (const auto& spec : after) {
    wanted.insert(spec.id);
    result.order.push_back(spec.id);
    auto known = old.find(spec.id);
    if (known == old.end())
      added.push_back(spec.id);
    else if (data_of(*known->second) != data_of(spec))
      changed.push_back(spec.id);
  }
  for (const child_spec& spec : before)
    if (!wanted.contains(spec.id)) {
      result.order.push_back(spec.id);
      kept.push_back(spec.id);
    }
  if (mode == reload_mode::converge) {
    removed.assign(kept.rbegin(), kept.rend());
    kept.clear();
  }
  return result;
}

} // namespace pyactor::supervisors
