#pragma once

#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/python_tree.hpp>
#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/support/module_folder.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace pyactor::test {

/// @returns each kind of context that this CPython has, one after another
inline interpreter_kind any_context() {
  return GENERATE(Catch::Generators::from_range(kinds()));
}

/// A runtime with trees in Python, and a module `trees` for them.
class python_tree_world {
public:
  /// Children of the module `trees`, each of which tells "test" when it starts.
  static constexpr std::string_view children = R"(
import pyactor

class Counter(pyactor.Actor):
    def __init__(self, name="counter", start=0):
        self.name = name
        self.value = start
        pyactor.send("test", "started", name)

    def add(self, by):
        self.value += by
        return self.value

    def report(self):
        pyactor.send("test", "value", self.value)

    def crash(self):
        raise ValueError("crashed")

    def ready(self):
        return True

    def on_exit(self, reason):
        pyactor.send("test", "ended", self.name)
)";

  /// @param trees  what comes after `children` in the module
  explicit python_tree_world(std::string_view trees,
                             interpreter_kind kind = interpreter_kind::main)
    : world(options(trees, kind)) {
  }

  /// An actor with `run(text)`, which runs statements, and with
  /// `heard(outcome)` and `told(outcome)`, which pass outcomes on to "test":
  /// what all have, and all of it.
  caf::actor starter() {
    return world.spawn(R"(
import pyactor
import trees

class Main(pyactor.Actor):
    keep_alive_on = (Exception,)

    def run(self, text):
        exec(text, globals() | {"me": self})

    def get(self, text):
        return eval(text, globals() | {"me": self})

    def heard(self, outcome):
        pyactor.send("test", "outcome", outcome["child"],
                     outcome["incarnation"], outcome["error"],
                     outcome["message"])

    def told(self, outcome):
        pyactor.send("test", "told", outcome)
)");
  }

  /// Starts class `target` of `trees` from C++.
  supervisors::supervisor_ref start(const std::string& target,
                                    arguments args = {}) {
    auto declared = supervisors::declare_tree(world.python(), "trees:" + target,
                                              std::move(args));
    if (!declared)
      FAIL(to_string(declared.error()));
    return supervisors::start_supervisor(world.system(), declared->flags,
                                         declared->specs)
      .value();
  }

  /// @returns method and arguments of the next message to "test", as text
  std::string hear() {
    auto heard = world.hear();
    if (!heard)
      return "nothing";
    auto result = heard->function;
    for (const auto& x : heard->args.positional)
      result += ' ' + (x.as_str() ? *x.as_str() : to_string(x));
    return result;
  }

  module_folder modules;
  std::shared_ptr<supervisors::native_children> natives
    = std::make_shared<supervisors::native_children>();
  runtime_world world;

private:
  runtime::runtime_options options(std::string_view trees,
                                   interpreter_kind kind) {
    modules.add("trees", std::string{children} + std::string{trees});
    auto result = one_pool(kind);
    result.python.search_paths = {modules.path()};
    supervisors::add_python_trees(result, natives);
    return result;
  }
};

/// The same with an actor that runs Python code of a test, in which it is `me`.
class starter_world : public python_tree_world {
public:
  using python_tree_world::python_tree_world;

  void run(const std::string& statements) {
    auto done = world.call(actor, "run", statements);
    if (!done)
      FAIL(to_string(done.error()));
  }

  value get(const std::string& expression) {
    auto result = world.call(actor, "get", expression);
    if (!result)
      FAIL(to_string(result.error()));
    return *result;
  }

  /// @returns the exception that the statements raise, as text
  std::string refusal(const std::string& statements) {
    auto done = world.call(actor, "run", statements);
    return done ? "nothing" : to_string(done.error());
  }

  /// @returns code and text of the SupervisionError that `question` raises
  std::string error_of(const std::string& question) {
    run("try:\n  " + question
        + "\n  me.error = 'none'\n"
          "except pyactor.SupervisionError as e:\n"
          "  me.error = f'{e.code}: {e}'");
    return *get("me.error").as_str();
  }

  caf::actor actor = starter();
};

} // namespace pyactor::test
