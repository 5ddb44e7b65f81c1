#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_spec.hpp>

#include <memory>
#include <vector>

namespace pyactor::supervisors::engine {

/// A child whose supervisor died.
struct orphan {
  caf::strong_actor_ptr child;
  stop_policy shutdown;
  /// May be null.
  std::shared_ptr<const child_calls> calls;
};

/// Stops children whose supervisor ended without having stopped them, whatever
/// its reason was: asks each as its policy says, holds it for as long as it
/// takes, and kills it when its time is over, with an interrupt of the call
/// that keeps it from hearing that. Returns at once.
/// @param parent  the dead supervisor, in whose name the children are asked
/// @thread any
void stop_orphans(caf::actor_system& system, const caf::actor_addr& parent,
                  std::vector<orphan> orphans);

} // namespace pyactor::supervisors::engine
