#pragma once

#include <pyactor/bench/plain_counter.hpp>
#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/runtime/pinned_actor.hpp>

#include <cstdint>

namespace pyactor::bench {

/// The same as `plain_counter`, with its state and its work in Python.
class pinned_counter : public runtime::python_actor {
public:
  using runtime::python_actor::python_actor;

  caf::behavior make_behavior() override {
    python().exec("value = 0\n"
                  "def increment(by):\n"
                  "    global value\n"
                  "    value += by\n"
                  "    return value\n");
    return {
      [this](const increment& message) {
        return python().call<int64_t>("increment", message.by);
      },
    };
  }
};

/// The same, written in Python; it can also crash.
inline actor_class counter_class() {
  return actor_class::from_module("counters:Counter");
}

} // namespace pyactor::bench
