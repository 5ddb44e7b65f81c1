#pragma once

#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/python/declared.hpp>
#include <pyactor/supervisors/supervisor_flags.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the fields of a declared tree are in C++.
/// @pre supervision.py has let them through
namespace pyactor::supervisors::python {

/// @returns so many seconds; `forever` for what does not fit, and does not come
[[nodiscard]] std::chrono::nanoseconds seconds(double x);

[[nodiscard]] restart_type to_restart(std::string_view name);
[[nodiscard]] restart_strategy to_strategy(std::string_view name);
[[nodiscard]] auto_shutdown to_auto_shutdown(std::string_view name);
[[nodiscard]] stop_order to_stop_order(std::string_view name);
[[nodiscard]] restart_backoff to_backoff(const declared_backoff& x);
[[nodiscard]] restart_limit to_limit(const declared_limit& x);
[[nodiscard]] probe to_probe(const declared_probe& x);

/// @param x none, `kill`, or seconds
[[nodiscard]] std::optional<stop_policy> to_stop_policy(const value& x);

/// @param fatal qualified names of exceptions that no restart would mend
[[nodiscard]] classify_fn to_classify(const std::vector<std::string>& fatal);

/// @returns what `convert` makes of `x`, if that is there
template <class T, class F>
auto map(const std::optional<T>& x, F convert)
  -> std::optional<decltype(convert(*x))> {
  if (!x)
    return std::nullopt;
  return convert(*x);
}

} // namespace pyactor::supervisors::python
