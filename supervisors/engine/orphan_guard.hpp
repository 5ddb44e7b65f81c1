#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/engine/stuck_call.hpp>

#include <memory>
#include <string>
#include <vector>

namespace pyactor::supervisors::engine {

/// A child whose supervisor died.
struct orphan {
  std::string id;
  child_type type = child_type::worker;
  /// Whether it is a supervisor of ours, which ends with its parent's reason.
  bool takes_reason = false;
  caf::actor handle;
  stop_policy shutdown;
  /// How far the supervisor had come with it.
  child_state state;
  /// May be null.
  std::shared_ptr<const child_calls> calls;
  /// As its supervisor knew it.
  stuck_call stuck;
};

/// Stops children whose supervisor ended without having stopped them, whatever
/// its reason was, just as the supervisor would have: each by all steps of its
/// policy, but all at once. Holds each until it has ended, or was given up as
/// lost. Returns at once.
/// @param parent  the dead supervisor, in whose name the children are told
/// @param reason  what it ended with
/// @param forced  whether its stop was forced: each is killed at once
/// @thread any
void stop_orphans(caf::actor_system& system, const caf::actor_addr& parent,
                  const caf::error& reason, std::vector<orphan> orphans,
                  bool forced);

} // namespace pyactor::supervisors::engine
