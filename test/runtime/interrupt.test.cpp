#include <pyactor/runtime/pinned_base.hpp>
#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <atomic>
#include <thread>

namespace interrupt_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

constexpr auto methods = R"(
import pyactor, time

class Main(pyactor.Actor):
    keep_alive_on = (BaseException,)

    def __init__(self, before=0):
        self.sleep(before)

    def sleep(self, ms):
        time.sleep(ms / 1000)
        return "back"

    def spin_for(self, ms):
        end = time.monotonic() + ms / 1000
        while time.monotonic() < end:
            pass
        return "back"

    def spin(self):
        while True:
            pass

    # As long as that, for less of the machine.
    def hang(self):
        while True:
            time.sleep(0.001)

    def tidy(self):
        try:
            self.spin()
        finally:
            pyactor.send("test", "tidied")

    def swallow_once(self):
        try:
            self.spin()
        except BaseException:
            return "swallowed"

    def turn_into_another(self):
        try:
            self.spin()
        except pyactor.Interrupted as why:
            raise ValueError("another") from why

    def ask_for_more(self, ms):
        pyactor.extend(ms)
        return self.sleep(ms / 2)

    def on_exit(self, reason):
        pyactor.send("test", "left")
)";

/// @returns `methods` whose calls are limited
std::string limited(std::chrono::milliseconds limit = call_limit) {
  return methods
         + ("    max_handler_time = " + std::to_string(limit.count()) + "\n");
}

constexpr auto hanging = R"(
import time
while True:
    time.sleep(0.001)
)";

constexpr auto unlimited = R"(
import pyactor, time

class Main(pyactor.Actor):
    def hang(self):
        pyactor.send("test", "hanging")
        while True:
            time.sleep(0.001)

    def answer(self):
        return 42
)";

runtime_options limited_pool(interpreter_kind kind) {
  auto result = one_pool(kind);
  result.pools["default"].max_handler_time = call_limit;
  return result;
}

pinned_base& behind(const caf::actor& who) {
  return *pinned_base::behind(caf::actor_cast<caf::strong_actor_ptr>(who));
}

error stopped() {
  return {.code = errc::interrupted, .message = "asked to stop"};
}

} // namespace

TEST_CASE("a call that runs for too long is interrupted and its actor hung",
          "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn(limited());
  auto outcome = world.call(actor, "spin");
  REQUIRE(fails(outcome, {errc::hung, "pyactor.Interrupted",
                          "longer than its max_handler_time of "
                            + std::to_string(call_limit.count()) + " ms"}));
  CHECK(outcome.error().traceback.find("in spin") != std::string::npos);
  CHECK(from_caf(world.await_exit(actor)).code == errc::hung);
  auto left = world.hear();
  REQUIRE(left);
  CHECK(left->function == "left");
}

TEST_CASE("whatever code makes of its interruption, the call is hung",
          "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  auto method = GENERATE("swallow_once", "turn_into_another", "tidy");
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn(limited(100ms));
  CHECK(fails(world.call(actor, method), {errc::hung}));
  CHECK(from_caf(world.await_exit(actor)).code == errc::hung);
}

TEST_CASE("code can clean up when it is interrupted", "[interrupt]") {
  runtime_world world;
  auto actor = world.spawn(limited(100ms));
  CHECK(fails(world.call(actor, "tidy"), {errc::hung}));
  CHECK(world.hear()->function == "tidied");
}

TEST_CASE("a start is not limited, nor counted for the first call",
          "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{limited_pool(kind)};
  auto actor
    = world.spawn(limited(), {.positional = {value{2 * call_limit.count()}}});
  CHECK(world.call(actor, "sleep", 1) == "back");
}

TEST_CASE("a call gets more time where it asks for it", "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn(limited());
  CHECK(world.call(actor, "ask_for_more", 4 * call_limit.count()) == "back");
  // That was for one call.
  CHECK(fails(world.call(actor, "hang"), {errc::hung}));
}

TEST_CASE("an extension is for a number of milliseconds", "[interrupt]") {
  runtime_world world;
  auto extend = [&](const std::string& by) {
    auto actor = world.spawn(unlimited);
    return world.ask(actor, exec{"import pyactor\npyactor.extend(" + by + ")"});
  };
  CHECK(extend("10"));
  CHECK(extend("0.5"));
  CHECK(fails(extend("'10'"), {errc::python_exception, "builtins.TypeError",
                               "a number of milliseconds"}));
  CHECK(fails(extend("-1"), {errc::python_exception, "builtins.ValueError"}));
  CHECK(
    fails(extend("10**400"), {errc::python_exception, "builtins.ValueError"}));
}

TEST_CASE("a limit that is no time keeps an actor from starting",
          "[interrupt]") {
  runtime_world world;
  auto limit = GENERATE("'soon'", "-1", "float('nan')", "True");
  auto actor = world.spawn("import pyactor\nclass Main(pyactor.Actor):\n"
                           "    max_handler_time = "
                           + std::string{limit});
  CHECK(matches(from_caf(world.await_exit(actor)),
                {errc::invalid_argument, "", "max_handler_time"}));
}

TEST_CASE("an actor may have no limit where its pool has one", "[interrupt]") {
  runtime_world world{limited_pool(kinds().back())};
  auto actor = world.spawn("import pyactor, time\n"
                           "class Main(pyactor.Actor):\n"
                           "    max_handler_time = 0\n"
                           "    def sleep(self, ms):\n"
                           "        time.sleep(ms / 1000)\n"
                           "        return 1\n");
  CHECK(world.call(actor, "sleep", 2 * call_limit.count()) == 1);
}

TEST_CASE("a request to a context is limited, and the context goes on",
          "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{limited_pool(kind)};
  CHECK(fails(world.ask(world.server(), exec{hanging}),
              {errc::hung, "pyactor.Interrupted"}));
  CHECK(world.ask(world.server(), eval{"6 * 7"}) == 42);
}

TEST_CASE("a C++ actor is hung by an interrupted call that it does not handle",
          "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor = world.python().spawn_function({}, [](python_actor* self) {
    auto* pinned = dynamic_cast<pinned_base*>(self);
    pinned->max_handler_time(call_limit);
    return caf::behavior{
      [self](const exec& request) { self->python().exec(request.code); },
      [self](const eval& request) -> bool {
        return self->python().try_exec(request.expression).has_value();
      },
    };
  });
  auto handled
    = outcome<bool>(*world.client().operator->(), actor, eval{hanging});
  CHECK(handled == false);
  CHECK(fails(world.ask<value>(actor, exec{hanging}), {errc::hung}));
  CHECK(from_caf(world.await_exit(actor)).code == errc::hung);
}

TEST_CASE("whoever wants to stop an actor can interrupt what it runs",
          "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn(unlimited);
  auto idle = world.spawn(unlimited);
  REQUIRE(world.call(actor, "answer") == 42);
  REQUIRE(world.call(idle, "answer") == 42);
  CHECK_FALSE(behind(actor).interrupt(stopped()));
  auto pending
    = world.client()->request(actor, patience, world.make_call("hang"));
  REQUIRE(world.hear());
  CHECK_FALSE(behind(idle).interrupt(stopped()));
  CHECK(behind(actor).interrupt(stopped()));
  pending.receive(
    [](value&) { FAIL("it came back"); },
    [](caf::error& why) { CHECK(from_caf(why).message == "asked to stop"); });
  CHECK(from_caf(world.await_exit(actor)).code == errc::interrupted);
  CHECK(world.call(idle, "answer") == 42);
}

TEST_CASE("a stop interrupts a call that is in its way", "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn(unlimited);
  auto pending
    = world.client()->request(actor, patience, world.make_call("hang"));
  REQUIRE(world.hear());
  CHECK(world.python().stop(2s).complete());
  pending.receive(
    [](value&) { FAIL("it came back"); },
    [](caf::error& why) { CHECK(from_caf(why).code == errc::interrupted); });
}

TEST_CASE("what is interrupted at the end of a slice is no call of the next "
          "actor",
          "[interrupt]") {
  runtime_world world{one_pool(kinds().back())};
  auto next = world.spawn(unlimited);
  auto slow = world.spawn("import contextvars, pyactor\n"
                          "class Slow:\n"
                          "    def __del__(self):\n"
                          "        while True: pass\n"
                          "class Main(pyactor.Actor):\n"
                          "    max_handler_time = 100\n"
                          "    def set(self):\n"
                          "        contextvars.ContextVar('x').set(Slow())\n"
                          "    def leave(self):\n"
                          "        self.set()\n"
                          "        raise SystemExit\n");
  REQUIRE(world.call(next, "answer") == 42);
  // Its value goes with the slice.
  CHECK(world.call(slow, "set") == value{});
  CHECK(world.call(next, "answer") == 42);
  CHECK(world.call(slow, "set") == value{});
  CHECK(world.call(next, "answer") == 42);
  // That slice is limited, too, whose actor is no more.
  static_cast<void>(world.call(slow, "leave"));
  CHECK(world.call(next, "answer") == 42);
}

TEST_CASE("an interruption hits the call that it is aimed at, and no later one",
          "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  // Answers a call that was hit with its negative number.
  auto actor = world.python().spawn_function({}, [](python_actor* self) {
    self->python().exec({"def run(n):\n"
                         "    for i in range(n * 7919 % 120_000):\n"
                         "        pass\n"
                         "    return n\n"});
    return caf::behavior{
      [self](int64_t n) -> int64_t {
        const auto& home = dynamic_cast<pinned_base*>(self)->home();
        auto aim = std::to_string(home.running().read().turn);
        auto done = self->python().try_call<int64_t>("run", n);
        if (done)
          return *done;
        // 0: it was aimed at another call.
        return done.error().code == errc::interrupted
                   && done.error().message == aim
                 ? -n
                 : 0;
      },
    };
  });
  // It has started when it answers.
  REQUIRE(outcome<int64_t>(*world.client().operator->(), actor, int64_t{1})
          == 1);
  auto& target = behind(actor);
  std::atomic<int64_t> asked = 0;
  std::jthread aimer{[&](std::stop_token over) {
    auto& home = target.home();
    while (!over.stop_requested()) {
      // What is aimed at may be over at each step of this.
      auto turn = std::as_const(home).running().read().turn;
      asked += home.interrupt(
        turn, {.code = errc::interrupted, .message = std::to_string(turn)});
    }
  }};
  constexpr int64_t calls = 500;
  int64_t hits = 0;
  for (int64_t n = 1; n <= calls; ++n) {
    auto result = outcome<int64_t>(*world.client().operator->(), actor, n);
    REQUIRE(result);
    hits += *result == -n;
    REQUIRE((*result == n || *result == -n));
  }
  aimer.request_stop();
  aimer.join();
  INFO(asked << " asked, " << hits << " hit");
  CHECK(hits > 0);
  CHECK(hits <= asked);
  CHECK(world.eventually([&] { return !target.home().is_interrupting(); }));
  // Nothing is left that could hit these.
  for (int64_t n = 1; n <= 200; ++n)
    REQUIRE(outcome<int64_t>(*world.client().operator->(), actor, n) == n);
}

TEST_CASE("calls that end right at their limit have one outcome each",
          "[interrupt]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto hasty = limited(4ms);
  int hung = 0;
  int back = 0;
  for (int round = 0; round < 10; ++round) {
    auto actor = world.spawn(hasty);
    for (int i = 0; i < 20; ++i) {
      // An overrun is noticed some time after the limit.
      auto result = world.call(actor, "spin_for", 4 + 2 * i);
      if (result) {
        ++back;
        continue;
      }
      REQUIRE(fails(result, {errc::hung}));
      ++hung;
      break;
    }
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }
  INFO(hung << " hung, " << back << " came back");
  CHECK(hung > 0);
}

} // namespace interrupt_test
