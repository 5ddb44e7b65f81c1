#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/engine/child_slot.hpp>
#include <pyactor/supervisors/engine/start_record.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace pyactor::supervisors::engine {

/// What a supervisor starts with.
/// @pre the specs are valid
struct supervisor_setup {
  supervisor_flags flags;
  std::vector<child_spec> specs;
  std::shared_ptr<child_directory> directory;
  std::shared_ptr<start_record> record;
  /// When it ends, so does the supervisor; may be null.
  caf::actor_addr parent;
  /// Set if the parent is a supervisor: it looks after its children itself.
  std::optional<init_ack> ack;
  /// That of the parent.
  start_throttle inherited_throttle;
};

} // namespace pyactor::supervisors::engine
