#pragma once

#include <pyactor/supervisors/escalation.hpp>
#include <pyactor/supervisors/restart_backoff.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace pyactor::supervisors::engine {

/// What a policy said.
struct escalation_verdict {
  escalation what = escalation::shutdown_self;
  /// What its function threw.
  std::optional<std::string> complaint{};
};

/// @returns what `policy` says; `shutdown_self` if its function throws
/// @param what  called only if the policy is a function
template <class F>
escalation_verdict ask(const limit_policy& policy, F what) {
  const auto* decide = std::get_if<escalation_fn>(&policy);
  if (!decide)
    return {std::get<escalation>(policy)};
  try {
    return {(*decide)(what())};
  } catch (const std::exception& thrown) {
    return {.complaint = thrown.what()};
  } catch (...) {
    return {.complaint = "no std::exception"};
  }
}

/// @returns how long a child pauses that goes on failing
/// @param otherwise  pauses of children without a backoff: the longer one
[[nodiscard]] std::chrono::nanoseconds
longest_pause(const std::optional<restart_backoff>& backoff,
              std::chrono::nanoseconds min_retry_delay,
              std::chrono::nanoseconds period) noexcept;

} // namespace pyactor::supervisors::engine
