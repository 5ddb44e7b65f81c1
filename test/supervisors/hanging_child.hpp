#pragma once

#include <pyactor/test/supervisors/world.hpp>

#include <cstdint>
#include <memory>
#include <string>

/// The calls of one incarnation, one of which may not return.
struct hanging_calls : pyactor::supervisors::child_calls {
  enum class effect { none, return_from_call };

  /// @param gate  what the call waits for
  /// @param of_interrupt  whether an interrupt ends it
  hanging_calls(caf::actor gate, effect of_interrupt);

  uint64_t running(const caf::actor& who) const override;
  void interrupt(const caf::actor& who, uint64_t call) const override;
  bool give_up(const caf::actor& who, uint64_t call) const override;
  bool has_lost_context(const caf::actor& who) const override;
  bool has_wedged_gil(const caf::actor& who) const override;
  pyactor::supervisors::last_notes
  look_back(const caf::actor& who) const override;

  /// @returns what was done to the call since the last time
  std::string done() const;

  const caf::actor gate;
  const effect of_interrupt;
  bool hangs = false;
  mutable bool lost = false;
  mutable std::string did;
};

/// A child that `get_stuck` makes hang in a call: until that returns it takes
/// nothing else, not even a kill. It ends with its context.
caf::behavior hanging_child(caf::event_based_actor* self,
                            const std::shared_ptr<hanging_calls>& calls);
