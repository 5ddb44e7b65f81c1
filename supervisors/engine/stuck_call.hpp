#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_calls.hpp>
#include <pyactor/supervisors/child_state.hpp>

#include <cstdint>
#include <utility>

namespace pyactor::supervisors::engine {

/// The call of one incarnation that is in the way of its stop.
class stuck_call {
public:
  /// @param calls null where nothing is known of the child's calls
  /// @param who the incarnation
  /// @param step that its stop is in
  /// @returns whether a call is in the way, and has been interrupted if it is
  ///          to be given up
  [[nodiscard]] bool holds_up(const child_calls* calls, const caf::actor& who,
                              stop_step step) const {
    auto call = calls ? calls->running(who) : 0;
    return call != 0 && (step == stop_step::asked || call == interrupted_);
  }

  /// Interrupts what runs now.
  /// @param calls,who as above
  /// @returns the number of that call; 0 where nothing runs
  uint64_t interrupt(const child_calls* calls, const caf::actor& who) {
    auto call = calls ? calls->running(who) : 0;
    if (call == 0)
      return 0;
    calls->interrupt(who, call);
    interrupted_ = call;
    return call;
  }

  /// Gives up the context of the call that was interrupted.
  /// @param calls,who as above
  /// @returns false where it has come back
  [[nodiscard]] bool give_up(const child_calls& calls,
                             const caf::actor& who) const {
    return calls.give_up(who, interrupted_);
  }

private:
  /// As `child_calls` numbers them; the last one.
  uint64_t interrupted_ = 0;
};

} // namespace pyactor::supervisors::engine
