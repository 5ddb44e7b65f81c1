// A counter as an actor that is written in Python, called by method name.
//
// Run it: build/release/examples/counter_in_python
//
// Prints:
//   1
//   11
//   negative amounts are refused; the counter lives on
//   12

#include <pyactor/runtime/runtime.hpp>

#include <iostream>

using namespace pyactor::runtime;
using pyactor::actor_class;
using pyactor::arguments;
using pyactor::value;

namespace {

constexpr auto source_text = R"(
import pyactor

class Counter(pyactor.Actor):
    def __init__(self, start):
        self.value = start

    def add(self, amount=1):
        if amount < 0:
            raise pyactor.Reject("negative amounts are refused")
        self.value += amount
        return self.value
)";

} // namespace

int main() {
  caf::actor_system_config config;
  configure(config);
  caf::actor_system system{config};
  auto python = runtime::start(system);
  if (!python) {
    std::cerr << to_string(python.error()) << '\n';
    return 1;
  }
  auto counting = (*python)->spawn_python(
    actor_class::from_source(source_text, "Counter"), {.positional = {0}});
  caf::scoped_actor self{system};
  auto ask = [&](arguments args) {
    self->request(counting, caf::infinite, call{"add", std::move(args)})
      .receive(
        [](const value& answer) { std::cout << to_string(answer) << '\n'; },
        [](const caf::error& why) {
          std::cout << from_caf(why).message << "; the counter lives on\n";
        });
  };
  ask({});
  ask({.positional = {10}});
  ask({.keyword = {{"amount", -5}}});
  ask({});
}
