// Resets an actor's Python state by terminating it: its supervisor brings it
// back, and nothing of the old state is left.
//
// Run it: build/release/examples/reset_by_terminating
//
// Prints:
//   counted to 3
//   terminated, and back
//   counted to 1

#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <iostream>

namespace runtime = pyactor::runtime;
namespace supervisors = pyactor::supervisors;

namespace {

constexpr auto source_text = R"(
import pyactor

class Counter(pyactor.Actor):
    def __init__(self, start):
        self.value = start

    def add(self, amount):
        self.value += amount
        return self.value
)";

/// Adds to the counter: to whichever incarnation of it runs now.
void add(caf::scoped_actor& self, const supervisors::child_ref& counter,
         int amount) {
  counter
    .request(self, caf::infinite,
             runtime::call{"add", {.positional = {amount}}})
    .receive(
      [](const pyactor::value& sum) {
        std::cout << "counted to " << to_string(sum) << '\n';
      },
      [](const caf::error& why) {
        std::cerr << runtime::describe(why) << '\n';
      });
}

} // namespace

int main() {
  caf::actor_system_config config;
  runtime::configure(config);
  supervisors::configure(config);
  caf::actor_system system{config};
  auto python = runtime::runtime::start(system);
  if (!python) {
    std::cerr << to_string(python.error()) << '\n';
    return 1;
  }
  auto start = supervisors::start_python(
    **python, pyactor::actor_class::from_source(source_text, "Counter"),
    {.positional = {0}});
  auto supervisor = supervisors::start_supervisor(
    system, {}, {{.id = "counter", .start = start}});
  if (!supervisor) {
    std::cerr << to_string(supervisor.error()) << '\n';
    return 1;
  }
  auto counter = supervisor->child("counter");
  caf::scoped_actor self{system};
  add(self, counter, 3);
  if (auto fresh = supervisor->cycle_child("counter"); !fresh) {
    std::cerr << to_string(fresh.error()) << '\n';
    return 1;
  }
  std::cout << "terminated, and back\n";
  add(self, counter, 1);
  static_cast<void>(supervisor->stop());
}
