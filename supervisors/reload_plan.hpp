#pragma once

#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/reload.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace pyactor::supervisors {

/// The children of a supervisor, in start order.
using spec_list = std::vector<std::reference_wrapper<const child_spec>>;

/// The difference between two lists of children.
struct reload_plan {
  /// All ids of both lists in the start order that follows from the reload:
  /// the new list first, what only the old list has behind it.
  std::vector<std::string> order;
  /// None has failed yet.
  reload_summary summary;
};

/// @param before  what the supervisor has
/// @param after   what it is to have
/// @pre ids are unique within each list, and defaults are filled in
[[nodiscard]] reload_plan plan_reload(const spec_list& before,
                                      std::span<const child_spec> after,
                                      reload_mode mode);

} // namespace pyactor::supervisors
