#pragma once

#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/python/declared.hpp>
#include <pyactor/supervisors/start_throttle.hpp>
#include <pyactor/supervisors/supervisor_flags.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// What the fields of a declared tree are in C++.
/// @pre declaration.py has let them through
namespace pyactor::supervisors::python {

/// @returns so many seconds; `forever` for what does not fit, and does not come
[[nodiscard]] std::chrono::nanoseconds seconds(double x);

/// @returns the enumerator of that name; of the enums that fields.cpp lists
template <class T>
[[nodiscard]] T from_name(std::string_view name);

[[nodiscard]] restart_backoff to_backoff(const declared_backoff& x);
[[nodiscard]] restart_limit to_limit(const declared_limit& x);
[[nodiscard]] probe to_probe(const declared_probe& x);

[[nodiscard]] start_limits to_limits(const declared_throttle& x);

/// @param shutdown    none, `kill`, or seconds
/// @param kill_grace  seconds
/// @param type        decides what is not given
/// @returns none where none of the two is given
[[nodiscard]] std::optional<stop_policy>
to_stop_policy(const value& shutdown, std::optional<double> kill_grace,
               child_type type);

/// @param meanings  names of classes by qualified names of exceptions; of an
///                  exception's own type and its bases, the nearest counts.
///                  Where none is listed, the same goes for its causes, one
///                  after another, if it is a `builtins.Exception`
[[nodiscard]] classify_fn
to_classify(const std::map<std::string, std::string>& meanings);

/// @returns what `convert` makes of `x`, if that is there
template <class T, class F>
auto map(const std::optional<T>& x, F convert)
  -> std::optional<decltype(convert(*x))> {
  if (!x)
    return std::nullopt;
  return convert(*x);
}

} // namespace pyactor::supervisors::python
