// A supervision tree that is declared in Python: four predictors, each with
// pauses before its restarts, and with a probe that says when it is ready.
//
// Run it: build/release/examples/supervised_predictors
//
// Prints:
//   predictor-1: 7
//   predictor-2: 7
//   predictor-3: 7
//   predictor-4: 7
//   predictor-1, after it has crashed: 7
//   ID ...
//   supervisor ... running ... one_for_one, 1 of 10 restarts in 60s...
//   ├── predictor-1 ... #5 ... last exit: TypeError...
//   ├── predictor-2 ... #2 ...
//   ├── predictor-3 ... #3 ...
//   └── predictor-4 ... #4 ...

#include <pyactor/cmake/data_folder.hpp>
#include <pyactor/supervisors/python_tree.hpp>
#include <pyactor/supervisors/tree.hpp>

#include <iostream>
#include <string>

using namespace pyactor::runtime;
using namespace pyactor::supervisors;
using pyactor::value;

namespace {

/// @returns what the predictor answers, for a person
std::string predict(caf::actor_system& system, const supervisor_ref& tree,
                    const std::string& id, const value& x) {
  caf::scoped_actor self{system};
  std::string result;
  tree.child(id)
    .request(self, caf::infinite, call{"predict", {.positional = {x}}})
    .receive([&](const value& answer) { result = to_string(answer); },
             [&](const caf::error& why) { result = describe(why); });
  return result;
}

/// Waits until one more child is ready.
void await_ready(const event_stream& events) {
  while (events.next(forever)->what != supervision_event::kind::ready)
    ;
}

int run() {
  caf::actor_system_config config;
  pyactor::runtime::configure(config);
  pyactor::supervisors::configure(config);
  caf::actor_system system{config};
  runtime_options options;
  options.python.search_paths = {pyactor::data_folder()};
  add_python_trees(options);
  auto python = pyactor::value_or_throw(runtime::start(system, options));
  auto model = value::tuple({2, 1});
  auto declared = pyactor::value_or_throw(
    declare_tree(*python, "predictors:Predictors", {.positional = {model}}));
  event_stream events;
  declared.flags.events = events;
  auto tree = start_supervisor(system, declared.flags, declared.specs);
  if (!tree) {
    std::cerr << to_string(tree.error()) << '\n';
    return 1;
  }
  for (size_t i = 0; i < declared.specs.size(); ++i)
    await_ready(events);
  for (const auto& child : declared.specs)
    std::cout << child.id << ": " << predict(system, *tree, child.id, 3)
              << '\n';
  predict(system, *tree, "predictor-1", "three"); // which adds 1 to a text
  await_ready(events);
  std::cout << "predictor-1, after it has crashed: "
            << predict(system, *tree, "predictor-1", 3) << '\n';
  if (auto seen = pyactor::supervisors::tree(*tree))
    std::cout << to_text(*seen);
  return tree->stop() ? 0 : 1;
}

} // namespace

int main() {
  try {
    return run();
  } catch (const pyactor::python_error& what) {
    std::cerr << what.what() << '\n';
    return 1;
  }
}
