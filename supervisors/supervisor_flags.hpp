#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/auto_shutdown.hpp>
#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/error.hpp>
#include <pyactor/supervisors/escalation.hpp>
#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/supervisors/exit_info.hpp>
#include <pyactor/supervisors/restart_strategy.hpp>
#include <pyactor/supervisors/start_throttle.hpp>
#include <pyactor/supervisors/stop_order.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// How a supervisor behaves.
struct supervisor_flags {
  /// Which children an exit restarts.
  restart_strategy strategy = restart_strategy::one_for_one;
  /// More than `intensity` restarts within `period`, and `on_limit` says what
  /// follows.
  uint32_t intensity = 1;
  /// See `intensity`; positive, and not `forever`.
  std::chrono::nanoseconds period = std::chrono::seconds{5};
  /// See `intensity`.
  limit_policy on_limit = escalation::shutdown_self;
  /// Whether the end of significant children is that of the supervisor; it then
  /// stops the others and ends with `user_shutdown`.
  supervisors::auto_shutdown auto_shutdown = auto_shutdown::never;
  /// The pause after a restart whose start failed, where the child's spec has
  /// no `backoff`.
  std::chrono::nanoseconds min_retry_delay = std::chrono::milliseconds{10};
  /// In which order the children stop. Default: `at_once` with
  /// `simple_one_for_one`, otherwise `newest_first`.
  std::optional<supervisors::stop_order> stop_order{};
  /// How many children there may be at a time that are not stopped. Only where
  /// children do not depend on each other; at least 1. Default: no limit.
  std::optional<size_t> max_children{};
  /// So many zombies (see `zombie_info`), and no child is restarted any more: a
  /// child that would be is one restart too many.
  size_t max_zombies = 4;
  /// How many children may start at a time, and how often they may come back,
  /// together with all that are below them and with other supervisors that have
  /// the same. Default: that of the supervisor above.
  start_throttle throttle{};
  /// How exits of children are classified.
  exit_rules exits{};
  /// Whether children that end together, because the process that they live in
  /// does, cost one restart. There are no contexts in processes of their own
  /// yet: `false` is refused.
  bool coalesce_host_failures = true;
  /// Where it writes what happens, for a reader of yours: an `event_stream`, or
  /// that of an `event_listener`. Several supervisors may write to the same.
  /// Default: nowhere but to the log.
  std::optional<event_stream> events{};
};

/// @param flags  whatever they are
/// @param specs  of its children, in start order
/// @returns success, if a supervisor can have these flags and children
///          - `invalid_spec`: the first fault, and whose it is
[[nodiscard]] sup_expected<void>
check_supervisor(const supervisor_flags& flags,
                 std::span<const child_spec> specs);

} // namespace supervisors
} // namespace pyactor
