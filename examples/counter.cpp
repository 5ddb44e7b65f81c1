// A counter as a C++ actor whose state lives in Python.
//
// Run it: build/release/examples/counter
//
// Prints:
//   1
//   2
//   12

#include <pyactor/runtime/runtime.hpp>

#include <cstdint>
#include <iostream>

using namespace pyactor::runtime;

namespace {

/// Add this number and answer with the sum.
struct add {
  int64_t amount;
};

/// Runs on its context's thread; its Python namespace is its own.
class counter : public python_actor {
public:
  using python_actor::python_actor;

  caf::behavior make_behavior() override {
    python().exec("value = 0\n"
                  "def add(amount):\n"
                  "    global value\n"
                  "    value += amount\n"
                  "    return value\n");
    return {
      [this](const add& message) {
        return python().call<int64_t>("add", message.amount);
      },
    };
  }
};

} // namespace

PYACTOR_LOCAL_MESSAGE(add)

int main() {
  caf::actor_system_config config;
  configure(config);
  caf::actor_system system{config};
  auto python = runtime::start(system);
  if (!python) {
    std::cerr << to_string(python.error()) << '\n';
    return 1;
  }
  auto counting = (*python)->spawn<counter>();
  caf::scoped_actor self{system};
  for (int64_t amount : {1, 1, 10})
    self->request(counting, caf::infinite, add{amount})
      .receive(
        [](int64_t value) { std::cout << value << '\n'; },
        [](const caf::error& why) { std::cerr << describe(why) << '\n'; });
}
