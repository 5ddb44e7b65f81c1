#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/exit_info.hpp>
#include <pyactor/supervisors/statistics.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What follows when a child would come back once more often than the
/// intensity of its supervisor allows.
enum class escalation : uint8_t {
  /// The supervisor gives up: it stops all children and ends with
  /// `sup_errc::give_up`, see `exit_rules`. What follows is for its own
  /// supervisor to say.
  shutdown_self,
  /// That child is stopped for good, with the event `child_given_up`, and its
  /// supervisor carries on. The restart that does not come about counts
  /// nowhere. A group that was about to come back does so without that child.
  stop_child,
  /// The child comes back all the same, after the longest pause: `max` of its
  /// `backoff`; without one, the longer of `min_retry_delay` and `period`.
  /// This goes on for ever.
  keep_backoff,
  /// The process ends by `std::abort`, at once, after what is logged is
  /// written. For where something outside starts it again.
  abort_process,
};

/// Which restart was one too many.
struct limit_exceeded {
  /// The child's.
  std::string id;
  /// How it ended, or failed to start.
  std::optional<exit_info> last_exit;
  /// Of the supervisor; its window holds this restart already.
  supervisor_statistics statistics;
};

/// Decides from case to case. Runs on the supervisor's thread and must not
/// block. What it throws is logged and counted, and means `shutdown_self`.
using escalation_fn = std::function<escalation(const limit_exceeded&)>;

/// Always the same, or a function that decides.
using limit_policy = std::variant<escalation, escalation_fn>;

} // namespace supervisors
} // namespace pyactor
