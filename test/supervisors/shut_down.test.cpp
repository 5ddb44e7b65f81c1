// Ends of a program, in real time.

#include <pyactor/supervisors/shut_down.hpp>

#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>

namespace shut_down_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using pyactor::test::kinds;
using pyactor::test::one_pool;
using pyactor::test::patience;
using pyactor::test::runtime_world;

namespace {

constexpr auto source = R"(
import pyactor, time

class Main(pyactor.Actor):
    def on_exit(self, reason):
        time.sleep(0.3)
        pyactor.send("test", "left", reason)

    def spin(self):
        pyactor.send("test", "busy")
        while True:
            pass

    def sleep(self):
        pyactor.send("test", "busy")
        time.sleep(10_000)
)";

/// Two trees of one child in Python each, which takes its time to stop.
struct two_trees {
  two_trees() {
    for (int i = 0; i < 2; ++i)
      trees.push_back(
        start_supervisor(
          world.system(), {},
          {{.id = "child",
            .start
            = start_python(world.python(),
                           pyactor::actor_class::from_source(source, "Main")),
            .shutdown = stop_policy{.mode = stop_mode::infinity}}})
          .value());
  }

  void keep_busy(const char* method) {
    world.client()->send(trees[1].child("child").current().value(),
                         runtime_world::make_call(method));
    REQUIRE(world.hear());
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
  std::vector<supervisor_ref> trees;
};

} // namespace

TEST_CASE("trees and their Python end in order", "[shut_down]") {
  two_trees x;
  CHECK(x.end(60s).complete());
  for (const auto& tree : x.trees)
    CHECK(tree.which_children().error().code == sup_errc::supervisor_down);
}

TEST_CASE("a child that would take for ever is stopped by force, and all ends "
          "in time",
          "[shut_down]") {
  two_trees x;
  x.keep_busy("spin");
  CHECK(x.end(8s).complete());
}

TEST_CASE("a tree that is slow to end takes no time from the others",
          "[shut_down]") {
  two_trees x;
  x.keep_busy("spin"); // in the one that is stopped first
  CHECK(x.end(8s).complete());
  auto in_order = 0;
  while (auto left = x.world.hear(0ms))
    in_order += left->args.positional.at(0).as_str()->find("user_shutdown")
                != std::string::npos;
  CHECK(in_order == 1);
}

TEST_CASE("what does not end in time is told", "[.][lost_shut_down]") {
  two_trees x;
  x.keep_busy("sleep");
  CHECK_FALSE(x.end(2s).complete());
}

} // namespace shut_down_test
