#include <pyactor/test/support/log_capture.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <string>
#include <thread>

namespace departure_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// Says what it is told at its end, and where that is.
constexpr auto leaver = R"(
import pyactor, threading

class Held:
    def __del__(self):
        pyactor.send("test", "released", threading.get_native_id())

class Main(pyactor.Actor):
    def __init__(self, failing=False):
        self.failing = failing
        self.held = Held()

    def where(self):
        return threading.get_native_id()

    def on_exit(self, reason):
        pyactor.send("test", "on_exit", threading.get_native_id(), reason)
        if self.failing:
            raise OSError("cannot say goodbye")

    def fail(self):
        raise RuntimeError("the end")
)";

/// Awaits `on_exit` and the release, in this order, on the thread `where`.
/// @returns the reason
std::string expect_departure(runtime_world& world, const value& where) {
  auto left = world.hear();
  REQUIRE(left);
  CHECK(left->function == "on_exit");
  CHECK(left->args.positional.at(0) == where);
  auto released = world.hear();
  REQUIRE(released);
  CHECK(released->function == "released");
  CHECK(released->args.positional.at(0) == where);
  REQUIRE(world.await_environments(0));
  CHECK_FALSE(world.hear(std::chrono::milliseconds{0}));
  return *left->args.positional.at(1).as_str();
}

} // namespace

TEST_CASE("an actor whose last handle is dropped on any thread leaves on its "
          "context's",
          "[departure]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn(leaver);
  auto where = world.call(actor, "where");
  REQUIRE(where);
  std::jthread{[last = std::move(actor)]() mutable { last = nullptr; }}.join();
  CHECK(expect_departure(world, *where).find("unreachable")
        != std::string::npos);
}

TEST_CASE("the last handle of an actor may go in its neighbour's handler",
          "[departure]") {
  runtime_world world;
  auto actor = world.spawn(leaver);
  auto where = world.call(actor, "where");
  REQUIRE(where);
  auto holder = [&actor](python_actor* self) {
    return caf::behavior{[self, &actor](const exec&) {
      self->python().exec("x = 1");
      actor = nullptr;
      return self->python().eval("x");
    }};
  };
  auto neighbour = world.python().spawn_function({}, holder);
  CHECK(world.ask(neighbour, exec{}) == 1);
  neighbour = nullptr;
  expect_departure(world, *where);
}

TEST_CASE("on_exit is told once why its actor ends", "[departure]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn(leaver);
  auto where = world.call(actor, "where");
  REQUIRE(where);
  SECTION("an exit message") {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    CHECK(expect_departure(world, *where).find("user_shutdown")
          != std::string::npos);
  }
  SECTION("an exception of its own") {
    CHECK_FALSE(world.call(actor, "fail"));
    CHECK(expect_departure(world, *where).find("RuntimeError: the end")
          != std::string::npos);
  }
  SECTION("the end of the runtime") {
    world.drop_runtime();
    auto left = world.hear();
    REQUIRE(left);
    CHECK(left->function == "on_exit");
  }
}

TEST_CASE("what on_exit raises is logged, and the actor is released",
          "[departure]") {
  runtime_world world;
  log_capture log;
  auto actor = world.spawn(leaver, {.positional = {true}});
  auto where = world.call(actor, "where");
  REQUIRE(where);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  expect_departure(world, *where);
  CHECK(world.await_exit(actor) == caf::exit_reason::user_shutdown);
  CHECK(log.text().find("on_exit raised builtins.OSError: cannot say goodbye")
        != std::string::npos);
  CHECK(world.ask(world.server(), eval{"6 * 7"}) == 42);
}

} // namespace departure_test
