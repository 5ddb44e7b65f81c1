#pragma once

#include <pyactor/runtime/caf.hpp>

namespace pyactor::supervisors::engine {

/// An actor that is woken when it wants to be, and leaves no timer behind.
/// @thread its own
class timed_actor : public caf::event_based_actor {
public:
  using time_point = caf::actor_clock::time_point;

protected:
  explicit timed_actor(caf::actor_config& config);

  /// Has `on_wake` called at `when`, or before: it may come too early, and then
  /// has to ask for more. `time_point::max()` asks for nothing.
  void wake_by(time_point when);

  virtual void on_wake() = 0;

private:
  caf::invoke_message_result consume(caf::mailbox_element& what) final;

  /// The earliest time asked for since the last call.
  time_point alarm_ = time_point::max();
};

} // namespace pyactor::supervisors::engine
