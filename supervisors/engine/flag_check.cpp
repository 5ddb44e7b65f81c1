#include <pyactor/supervisors/engine/flag_check.hpp>

namespace pyactor::supervisors::engine {

namespace {

/// @returns whether children may need each other
bool has_groups(restart_strategy strategy) noexcept {
  return strategy == restart_strategy::one_for_all
         || strategy == restart_strategy::rest_for_one;
}

} // namespace

std::string_view bad_combination(const supervisor_flags& flags,
                                 size_t specs) noexcept {
  auto simple = flags.strategy == restart_strategy::simple_one_for_one;
  const auto* decide = std::get_if<escalation_fn>(&flags.on_limit);
  if (decide && !*decide)
    return "on_limit has no function";
  if (flags.max_children == size_t{0})
    return "max_children must be positive";
  if (simple && specs != 1)
    return "simple_one_for_one needs exactly one child spec";
  if (simple && flags.auto_shutdown != auto_shutdown::never)
    return "auto_shutdown does not go with simple_one_for_one";
  if (has_groups(flags.strategy) && flags.stop_order == stop_order::at_once)
    return "children that depend on each other do not stop at once";
  if (has_groups(flags.strategy) && flags.max_children)
    return "max_children does not go with children that depend on each other";
  if (flags.max_children && specs > *flags.max_children)
    return "there are more child specs than max_children";
  return {};
}

stop_order stop_order_of(const supervisor_flags& flags) noexcept {
  auto simple = flags.strategy == restart_strategy::simple_one_for_one;
  return flags.stop_order.value_or(simple ? stop_order::at_once
                                          : stop_order::newest_first);
}

} // namespace pyactor::supervisors::engine
