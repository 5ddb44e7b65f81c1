#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_start.hpp>
#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/engine/question.hpp>

#include <string>
#include <variant>

/// What children, clocks and parents tell a supervisor. Whatever comes from a
/// child names its incarnation, never its id or address.
namespace pyactor::supervisors::engine {

/// A child is ready, has nothing to do, or cannot start.
struct child_acknowledged {
  incarnation_id incarnation;
  std::variant<std::monostate, start_ignored, caf::error> outcome;
};

/// A child has answered a probe.
struct probe_answered {
  question_key key;
  /// What was wrong; empty for a success.
  std::string complaint;
};

/// A child ended.
struct child_ended {
  incarnation_id incarnation;
  caf::error reason;
};

/// Something is the matter with the call that a child runs.
struct child_in_trouble {
  incarnation_id incarnation;
  runtime::call_trouble what;
  /// As `child_calls` numbers it.
  uint64_t call;
};

/// The turn of a child has come that waited until it may start.
struct start_turn {
  std::string child;
};

/// There is more to do of what was too much for one step.
struct carry_on_stopping {};

/// Nobody holds a `supervisor_ref` any more.
struct owners_gone {};

} // namespace pyactor::supervisors::engine

PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::child_acknowledged)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::probe_answered)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::child_ended)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::child_in_trouble)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::start_turn)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::carry_on_stopping)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::owners_gone)
