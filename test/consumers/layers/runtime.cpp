// Python beside actors that nobody supervises.

#include <pyactor/runtime/runtime.hpp>

#include <iostream>

namespace runtime = pyactor::runtime;

int main() {
  caf::actor_system_config config;
  runtime::configure(config);
  caf::actor_system system{config};
  auto python = runtime::runtime::start(system);
  if (!python) {
    std::cerr << to_string(python.error()) << '\n';
    return 1;
  }
  caf::scoped_actor self{system};
  pyactor::value answer;
  self
    ->request((*python)->context_of(*self.ptr()), caf::infinite,
              runtime::eval{"6 * 7"})
    .receive([&](const pyactor::value& x) { answer = x; },
             [](const caf::error& why) {
               std::cerr << runtime::describe(why) << '\n';
             });
  return answer == pyactor::value{42} ? 0 : 1;
}
