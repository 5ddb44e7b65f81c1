#pragma once

#include <pyactor/supervisors/child_limits.hpp>
#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/engine/child_slot.hpp>
#include <pyactor/supervisors/engine/claimed_name.hpp>
#include <pyactor/supervisors/engine/start_ticket.hpp>
#include <pyactor/supervisors/engine/stuck_call.hpp>
#include <pyactor/supervisors/error.hpp>
#include <pyactor/supervisors/operation.hpp>
#include <pyactor/supervisors/probe_state.hpp>
#include <pyactor/supervisors/restart_strategy.hpp>

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace pyactor::supervisors::engine {

/// Somebody's order for a child, and where the answer goes.
struct order {
  operation what;
  std::string id;
  caf::response_promise promise;
  /// Set for `start_child`. Apart, because it is large.
  std::unique_ptr<child_spec> spec;
  /// Set for `start_child_with`, which counts as `start_child`.
  std::optional<caf::message> arguments;
};

/// Why a start came to nothing.
struct start_failure {
  exit_info exit;
  caf::error cause;
};

/// How many of some children are what a supervisor is asked for; what one of
/// them adds to that is 0 or 1 each, but for its orders.
struct child_numbers {
  size_t supervisors = 0;
  /// Not stopped.
  size_t live = 0;
  /// Alive: not stopped, not coming back, not waiting for their turn to start.
  size_t active = 0;
  /// Waiting for their turn to start.
  size_t throttled = 0;
  /// Orders that wait for them to settle.
  size_t orders = 0;

  child_numbers& operator+=(const child_numbers& more) noexcept;

  /// @pre it has been added
  child_numbers& operator-=(const child_numbers& less) noexcept;
};

/// All that a supervisor knows of one child.
struct child {
  start_position position;
  std::string id;
  /// Shared by all that come from the supervisor's template, whose id it has
  /// then.
  std::shared_ptr<const child_spec> spec;
  /// What its start function is given; kept while it may be started again.
  caf::message arguments;
  std::shared_ptr<child_slot> slot;
  /// Unless requests fail at once while it takes none.
  std::shared_ptr<engine::reception> reception;
  /// From its first start on, where its spec wants one.
  std::unique_ptr<claimed_name> name;
  /// Made at a start, where its spec wants one.
  std::shared_ptr<message_breaker> breaker;
  child_state state;
  /// From when it is to start until that is over.
  start_ticket ticket;

  /// The one strong handle; set while something starts, runs or stops.
  caf::actor handle;
  std::shared_ptr<in_flight> requests;
  /// Of the last incarnation.
  start_notes notes;
  /// Of that incarnation.
  stuck_call stuck;
  /// The last calls of it that were reported; 0 for none.
  uint64_t hung_call = 0;
  uint64_t wedged_call = 0;

  /// The incarnation has said that it has nothing to do.
  bool ignores_start = false;
  /// Known from the first sign of a failed start until the next start. This and
  /// `last_exit` are apart, because most of a hundred thousand children have
  /// none.
  std::unique_ptr<start_failure> failure;

  /// Orders that the current start or stop will answer, and orders that wait
  /// for the child to settle; both in the order of their arrival.
  std::list<order> waiting;
  std::list<order> queue;

  /// What the roster has counted of this.
  child_numbers share;

  /// It comes back with the child that its group waits for.
  bool stopped_by_group = false;
  /// A reload is about to stop it, if it does not end before, and to drop it.
  bool leaves = false;

  uint64_t starts = 0;
  uint64_t restarts = 0;
  std::unique_ptr<exit_info> last_exit;
  uint64_t consecutive_failures = 0;
  child_limits limits;
  /// Stopped for good, until somebody orders a start.
  bool given_up = false;
  /// Those of the phase that it is in.
  std::map<probe_kind, probe_state> probes;
  /// How its end will be told; set from when it is stopped for being unhealthy
  /// until the next start.
  std::unique_ptr<exit_info> condemned;
  std::chrono::steady_clock::time_point running_since;
  /// The last time that the incarnation became ready; none if it never was.
  std::optional<std::chrono::steady_clock::time_point> ready_since;
  std::chrono::steady_clock::time_point down_since;
};

/// @returns how the end of `who` is told, which is stopped for being unhealthy
/// @param abandoned  whether not even a kill has ended it
/// @pre who.condemned
[[nodiscard]] exit_info condemned_exit(const child& who, bool abandoned);

/// @returns how an incarnation of `who` has ended last, or has failed to start
[[nodiscard]] std::optional<exit_info> last_exit_of(const child& who);

/// @returns what `who` adds to its supervisor's numbers
[[nodiscard]] child_numbers share_of(const child& who);

/// @returns whether `who` is to be given requests
[[nodiscard]] bool is_ready(const child& who);

/// @returns whether a child that is to be killed in a forced stop is told to
///          force that of its own children first, as supervisors are: a killed
///          one has no say in it
[[nodiscard]] bool takes_force(child_type type, const child_state& state);

/// @returns how long the step of a stop may take that `state` is in
[[nodiscard]] std::chrono::nanoseconds time_for_step(const child_state& state,
                                                     const stop_policy& policy);

/// @returns how long the start or the step of a stop may take that `who` is in
[[nodiscard]] std::chrono::nanoseconds time_for_step(const child& who);

} // namespace pyactor::supervisors::engine
