#pragma once

#include <pyactor/bench/failure.hpp>
#include <pyactor/bench/plain_counter.hpp>
#include <pyactor/bench/python_counter.hpp>
#include <pyactor/supervisors/python_child.hpp>

#include <functional>
#include <utility>

/// Children that tell who wants to know when each incarnation of them is ready,
/// as actors that nobody supervises do for the floor. They tell their
/// supervisor right after that.
namespace pyactor::bench {

/// Called by an incarnation that is ready, on its thread.
using ready_listener = std::function<void(const caf::actor& who)>;

/// @returns the pinned actor that runs
/// @thread a context's
inline caf::actor running_actor() {
  auto* who = runtime::context::current()->running_actor();
  return caf::actor_cast<caf::actor>(who->address());
}

/// A `plain_counter`.
inline supervisors::start_fn start_plain_counter(ready_listener listener) {
  return supervisors::start_function(
    [listener = std::move(listener)](caf::event_based_actor* self) {
      listener(self);
      return plain_counter();
    });
}

/// A counter in Python, as `start_python` starts it.
inline supervisors::start_fn start_python_counter(runtime::weak_runtime python,
                                                  ready_listener listener) {
  return
    [python, calls = supervisors::calls_in(python), what = counter_class(),
     listener = std::move(listener)](
      const supervisors::start_context& context) -> supervisors::start_result {
      auto started = [ack = context.ack(), listener](const caf::error& why) {
        if (why)
          fail(why);
        auto* here = runtime::context::current();
        listener(caf::actor_cast<caf::actor>(here->running_actor()->address()));
        ack(&here->guests_unit());
      };
      auto home = supervisors::place_child(context, python, {});
      if (!home)
        return runtime::to_caf(std::move(home).error());
      context.may_interrupt(calls);
      return runtime::spawn_on<runtime::python_class_actor>(
        **home, what, arguments{}, started, context.max_handler_time(),
        supervisors::guard_calls(context));
    };
}

} // namespace pyactor::bench
