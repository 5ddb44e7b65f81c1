#pragma once

#include <pyactor/supervisors/child_state.hpp>

#include <cstdint>

namespace pyactor::supervisors {

/// What a caller may order for a child.
enum class operation : uint8_t {
  start_child,
  restart_child,
  cycle_child,
  retry_now,
  terminate_child,
  delete_child,
};

/// What becomes of an order, given what its child is doing.
enum class admission : uint8_t {
  /// Carry it out; it is answered when done.
  run,
  /// What already runs does it too; it is answered then.
  join,
  /// Wait until the child has settled, then look again.
  queue,
  /// Answer at once, with success.
  done,
  /// Answer at once, with the error of the same name.
  already_started,
  already_present,
  running,
  restarting,
  not_waiting,
};

/// Decides about an order for a child that exists.
[[nodiscard]] admission admit(operation order,
                              const child_state& state) noexcept;

} // namespace pyactor::supervisors
