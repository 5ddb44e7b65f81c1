#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <chrono>
#include <cstdint>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// How many restarts are taken before somebody gives up: the supervisor, or
/// that of the one child whose own limit it is.
struct restart_limit {
  /// At most so many restarts ...
  uint32_t intensity = 1;
  /// ... within this time, which is positive and not `forever`. Two restarts
  /// exactly one period apart both count.
  std::chrono::nanoseconds period = std::chrono::seconds{5};

  friend bool operator==(const restart_limit&, const restart_limit&) = default;
};

} // namespace supervisors
} // namespace pyactor
