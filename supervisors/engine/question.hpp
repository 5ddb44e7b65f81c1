#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/probe.hpp>

#include <cstdint>

namespace pyactor::supervisors::engine {

/// What tells the questions of a supervisor apart.
struct question_key {
  incarnation_id incarnation;
  probe_kind kind;
  /// Never used again by the same supervisor.
  uint64_t number;
};

/// Sends `content` to `child`, ahead of what waits in its mailbox. What it
/// answers is judged where it answers, and goes to `supervisor` as
/// `probe_answered`. A question that is never answered leaves nothing behind
/// with the supervisor.
/// @param host where `child` wakes up
void ask(const caf::actor& child, caf::message content, question_key key,
         const caf::actor_addr& supervisor, caf::execution_unit* host);

} // namespace pyactor::supervisors::engine
