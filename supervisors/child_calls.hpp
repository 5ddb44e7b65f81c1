#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>

#include <cstdint>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What is known of an incarnation that has ended.
struct last_notes {
  /// Messages, not requests, that were in its mailbox then.
  uint64_t lost_messages = 0;
  /// Whether its context was poisoned, so that the next incarnation lives in
  /// another one.
  bool has_poisoned_context = false;
};

/// What a supervisor can do about a child whose code does not return and so
/// hears no message, not even a kill. A start function hands it over with
/// `start_context::may_interrupt`; one object may serve many children.
/// @thread any; nothing here waits for the child's code
class child_calls {
public:
  virtual ~child_calls() = default;

  /// @param who an incarnation, alive or not
  /// @returns the number of the call that it runs at this moment, which no
  ///          other call of it ever has; 0 where it runs none that could be
  ///          interrupted
  [[nodiscard]] virtual uint64_t running(const caf::actor& who) const = 0;

  /// Begins to interrupt that call, and no other.
  /// @param who as above
  /// @param call as `running` told it
  virtual void interrupt(const caf::actor& who, uint64_t call) const = 0;

  /// Gives up the context of a call that does not come back, and has it
  /// replaced: `who` ends with `errc::abandoned` once it can be started anew,
  /// the others of the context with `errc::interpreter_lost`.
  /// @param who,call as above
  /// @returns false where that call is over
  virtual bool give_up(const caf::actor& who, uint64_t call) const = 0;

  /// @param who as above
  /// @returns whether its context was given up
  [[nodiscard]] virtual bool has_lost_context(const caf::actor& who) const = 0;

  /// @param who one whose context was given up
  /// @returns whether its call keeps a GIL that other contexts need, so that
  ///          nothing takes the place of its own
  [[nodiscard]] virtual bool has_wedged_gil(const caf::actor& who) const = 0;

  /// @param who an incarnation that has ended
  /// @returns what is left to say of it
  [[nodiscard]] virtual last_notes look_back(const caf::actor& who) const = 0;
};

} // namespace supervisors
} // namespace pyactor
