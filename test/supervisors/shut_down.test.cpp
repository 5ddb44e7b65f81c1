// Ends of a program, in real time.

#include <pyactor/supervisors/shut_down.hpp>

#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <chrono>
#include <future>

namespace shut_down_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using pyactor::test::gate;
using pyactor::test::kinds;
using pyactor::test::one_pool;
using pyactor::test::patience;
using pyactor::test::runtime_world;

namespace {

constexpr auto source = R"(
import os, pyactor, time

class Main(pyactor.Actor):
    def __init__(self, tree, gate):
        self.tree = tree
        self.gate = gate

    def on_exit(self, reason):
        pyactor.send("test", "leaving", self.tree)
        os.read(self.gate, 1)
        pyactor.send("test", "left", reason)

    def spin(self):
        pyactor.send("test", "busy")
        while True:
            pass

    def sleep(self):
        pyactor.send("test", "busy")
        time.sleep(10_000)
)";

/// Two trees of one child in Python each, which leaves when its gate is open.
struct two_trees {
  two_trees() {
    for (int i = 0; i < 2; ++i)
      trees.push_back(
        start_supervisor(
          world.system(), {},
          {{.id = "child",
            .start = start_python(
              world.python(), pyactor::actor_class::from_source(source, "Main"),
              {.positional = {i, gates[i].fd()}}),
            .shutdown = stop_policy{.mode = stop_mode::infinity}}})
          .value());
  }

  /// Has the child of the tree that is stopped first call this, for good, and
  /// leave when that is broken off.
  void keep_busy(const char* method) {
    gates[1].open();
    world.client()->send(trees[1].child("child").current().value(),
                         runtime_world::make_call(method));
    REQUIRE(world.hear());
  }

  /// Waits until the child of that tree is about to leave, and lets it.
  /// @returns whether the child of the first tree ran until then
  bool let_go(int tree) {
    while (auto said = world.hear())
      if (said->function == "leaving" && said->args.positional.at(0) == tree) {
        auto runs = trees[0].child("child").current().has_value();
        gates[tree].open();
        return runs;
      }
    return false;
  }

  /// Ends all, and must not take much longer than it may.
  pyactor::runtime::stop_report end(std::chrono::milliseconds deadline) {
    auto start = std::chrono::steady_clock::now();
    auto result = shut_down(world.python(), trees, deadline);
    CHECK(std::chrono::steady_clock::now() - start < deadline * 3 / 2);
    return result;
  }

  static pyactor::runtime::runtime_options quiet() {
    auto result = one_pool(kinds().back(), 2);
    result.log_level = "off";
    return result;
  }

  runtime_world world{quiet()};
  std::array<gate, 2> gates;
  std::vector<supervisor_ref> trees;
};

} // namespace

TEST_CASE("trees and their Python end in order", "[shut_down]") {
  two_trees x;
  auto last_runs = std::async(std::launch::async, [&] {
    auto result = x.let_go(1);
    x.let_go(0);
    return result;
  });
  CHECK(x.end(60s).complete());
  CHECK(last_runs.get());
  for (const auto& tree : x.trees)
    CHECK(tree.which_children().error().code == sup_errc::supervisor_down);
}

TEST_CASE("a child that would take for ever is stopped by force, and all ends "
          "in time",
          "[shut_down]") {
  two_trees x;
  x.keep_busy("spin");
  x.gates[0].open();
  CHECK(x.end(8s).complete());
}

TEST_CASE("a tree that is slow to end takes no time from the others",
          "[shut_down]") {
  two_trees x;
  x.keep_busy("spin");
  auto other = std::async(std::launch::async, [&] { x.let_go(0); });
  CHECK(x.end(8s).complete());
  other.get();
  auto in_order = 0;
  while (auto left = x.world.hear(0ms))
    in_order += left->function == "left"
                && left->args.positional.at(0).as_str()->find("user_shutdown")
                     != std::string::npos;
  CHECK(in_order == 1);
}

TEST_CASE("what does not end in time is told", "[.][lost_shut_down]") {
  two_trees x;
  x.keep_busy("sleep");
  x.gates[0].open();
  CHECK_FALSE(x.end(2s).complete());
}

} // namespace shut_down_test
