#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <cstdint>
#include <string_view>

/// The words for where a child is in its life, and for how it came there.
/// @file
/// @thread any: values

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// Numbers every attempt to start a child: unique within its supervisor,
/// rising, never used again. 0 is none.
using incarnation_id = uint64_t;

/// Where a child is in its life.
enum class child_phase : uint8_t {
  /// Nothing runs, and nothing is going to by itself.
  stopped,
  /// The start function ran; the child has not acknowledged yet.
  starting,
  /// The child has acknowledged.
  running,
  /// The child is on its way out, on somebody's purpose.
  stopping,
  /// The child will be started again by itself.
  restarting,
};

/// On whose account a start runs: this decides what its failure means.
enum class start_cause : uint8_t {
  /// The supervisor itself starts; a failure undoes that.
  init,
  /// A caller asked; a failure is the caller's answer.
  request,
  /// A restart; a failure counts and is tried again.
  automatic,
};

/// On whose account a stop runs: this decides what follows it.
enum class stop_cause : uint8_t {
  /// A caller terminates the child; it stays stopped.
  request,
  /// A caller resets the child; it is started again.
  cycle,
  /// The start failed in a way that may leave the child alive.
  failed_start,
  /// The child has found nothing to do, which is no failure; it stays stopped.
  start_ignored,
  /// The child does not work: what follows is what follows an abnormal end.
  unhealthy,
  /// A restart takes the child along; it is started again when its turn comes.
  group,
  /// The supervisor itself stops.
  supervisor,
};

/// How far the stop ladder has gone; in order.
enum class stop_step : uint8_t {
  /// The child was asked to stop, and may take its time.
  asked,
  /// The call that is in the way was interrupted.
  interrupted,
  /// The child was killed, but its end has not been heard of.
  killed,
  /// Killed, and looked at again.
  checked,
  /// The context of the call that is in the way was given up.
  given_up,
};

/// What people get to see of a child. Coarser than its phase: a restart looks
/// like one thing, from the end of an incarnation to the next that runs.
enum class child_status : uint8_t {
  /// The supervisor has no such child, or not yet.
  unknown,
  /// Nothing runs; an order starts it.
  stopped,
  /// It has not acknowledged its start, which is no restart.
  starting,
  /// It has acknowledged its start.
  running,
  /// It is on its way out, on somebody's purpose.
  stopping,
  /// Comes back by itself.
  restarting,
  /// The supervisor has ended; nothing of a topmost one comes back.
  supervisor_down,
};

/// How a child wants to be stopped.
enum class stop_mode : uint8_t {
  /// Kill it right away.
  brutal_kill,
  /// Ask, wait, kill.
  timed,
  /// Ask and wait for as long as it takes.
  infinity,
};

/// @param status  a number that is none of them is `unknown`
/// @returns the enumerator's name
[[nodiscard]] std::string_view to_string(child_status status) noexcept;

} // namespace supervisors
} // namespace pyactor
