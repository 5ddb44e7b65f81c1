#pragma once

#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/exit_info.hpp>
#include <pyactor/supervisors/restart_strategy.hpp>

#include <string>
#include <string_view>

/// What the text and the JSON of a tree call things.
namespace pyactor::supervisors::engine {

[[nodiscard]] constexpr std::string_view name_of(child_type type) noexcept {
  return type == child_type::supervisor ? "supervisor" : "worker";
}

[[nodiscard]] constexpr std::string_view
name_of(restart_type restart) noexcept {
  switch (restart) {
    case restart_type::permanent:
      return "permanent";
    case restart_type::transient:
      return "transient";
    case restart_type::temporary:
      return "temporary";
  }
  return "unknown";
}

[[nodiscard]] constexpr std::string_view
name_of(restart_strategy strategy) noexcept {
  switch (strategy) {
    case restart_strategy::one_for_one:
      return "one_for_one";
    case restart_strategy::one_for_all:
      return "one_for_all";
    case restart_strategy::rest_for_one:
      return "rest_for_one";
    case restart_strategy::simple_one_for_one:
      return "simple_one_for_one";
  }
  return "unknown";
}

/// The reason up to its details, such as a traceback. That it was an error goes
/// without saying.
[[nodiscard]] std::string line_about(const exit_info& how);

} // namespace pyactor::supervisors::engine
