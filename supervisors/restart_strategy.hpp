#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <cstdint>
#include <limits>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// Which children a restart takes along.
enum class restart_strategy : uint8_t {
  /// Only the child that failed.
  one_for_one,
  /// All children: they depend on each other.
  one_for_all,
  /// The child that failed and those that started after it: they depend on it.
  rest_for_one,
  /// Only the child that failed; all children come from one spec, on demand.
  simple_one_for_one,
};

/// A child's place in the start order of its supervisor; later is larger.
using start_position = uint64_t;

/// What a restart covers: every child from `first` to `last`, both included.
/// Those of them that still run, other than the failed one, are stopped first,
/// newest to oldest; then all are started, oldest to newest.
struct restart_plan {
  /// The oldest one.
  start_position first;
  /// The newest one.
  start_position last;

  /// @returns whether it is about more than one child
  [[nodiscard]] constexpr bool is_group() const noexcept {
    return first != last;
  }

  /// @param position  of any child
  /// @returns whether it is about the child there
  [[nodiscard]] constexpr bool covers(start_position position) const noexcept {
    return first <= position && position <= last;
  }

  friend bool operator==(const restart_plan&, const restart_plan&) = default;
};

/// @param strategy  of the supervisor
/// @param failed    where the child is that failed
/// @returns what the restart of the child at `failed` covers
[[nodiscard]] constexpr restart_plan
plan_restart(restart_strategy strategy, start_position failed) noexcept {
  constexpr auto newest = std::numeric_limits<start_position>::max();
  switch (strategy) {
    case restart_strategy::one_for_one:
    case restart_strategy::simple_one_for_one:
      break;
    case restart_strategy::one_for_all:
      return {0, newest};
    case restart_strategy::rest_for_one:
      return {failed, newest};
  }
  return {failed, failed};
}

} // namespace supervisors
} // namespace pyactor
