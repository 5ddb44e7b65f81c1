// Each test leaves a thread behind that keeps the GIL, so each has a process of
// its own.

#include <pyactor/test/support/another_process.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <spdlog/sinks/callback_sink.h>
#include <spdlog/spdlog.h>

#include <future>
#include <optional>
#include <string>

namespace wedged_gil_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

/// `keep` holds the GIL for ever, `keep_until` in code of C until there is
/// something to read. What it does then ends by an interrupt only.
constexpr auto keeper = R"(
# The first error imports traceback otherwise.
import ctypes, itertools, pyactor, sys, threading, time, traceback

class Main(pyactor.Actor):
    def keep(self):
        pyactor.send("test", "keeping")
        sum(itertools.repeat(0))

    def keep_until(self, file):
        sys.interrupted = threading.Event()
        try:
            pyactor.send("test", "keeping")
            ctypes.PyDLL(None).read(file, ctypes.create_string_buffer(1), 1)
            while True:
                pass
        finally:
            sys.interrupted.set()

    def hear_interrupt(self):
        return sys.interrupted.wait(60)

    def spin(self):
        pyactor.send("test", "spinning")
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            pass
        pyactor.send("test", "over")

    def answer(self):
        return 42
)";

runtime_options impatient(wedged_gil_policy policy,
                          std::chrono::milliseconds patience = 100ms) {
  auto result = one_pool(interpreter_kind::main, 2);
  result.interrupt_grace = 50ms;
  result.gil_patience = patience;
  result.on_wedged_gil = policy;
  result.log_level = "critical";
  return result;
}

/// Two contexts; an actor in the first runs a method for long.
struct wedged_world {
  explicit wedged_world(const std::string& limit = {},
                        std::chrono::milliseconds patience = 100ms)
    : world(impatient(wedged_gil_policy::report, patience)) {
    spdlog::get("pyactor.runtime")->sinks()
      = {std::make_shared<spdlog::sinks::callback_sink_mt>(
        [this](const spdlog::details::log_msg& what) {
          if (!said.empty())
            return;
          said.assign(what.payload.data(), what.payload.size());
          heard.set_value();
        })};
    first = world.spawn(keeper + limit, {}, {.index = 0});
    other = world.spawn(keeper, {}, {.index = 1});
    REQUIRE(world.call(other, "answer") == 42);
  }

  /// @returns the pending outcome of a method that the first actor runs by now
  template <class... Ts>
  auto run(const std::string& method, Ts... xs) {
    auto result = world.client()->request(
      first, patience, runtime_world::make_call(method, xs...));
    REQUIRE(world.hear());
    return result;
  }

  /// @returns as `run`, of a call that keeps the GIL until `held` opens
  auto keep_until_open() {
    return run("keep_until", static_cast<int64_t>(held.fd()));
  }

  /// Has the GIL handed over once the context was given up.
  void hand_over_late() {
    REQUIRE(world.eventually(
      [&] { return world.python().contexts_given_up() == 1; }));
    held.open();
  }

  void await_report() {
    REQUIRE(heard.get_future().wait_for(patience) == std::future_status::ready);
  }

  gate held;
  std::promise<void> heard;
  std::string said; // written before it is heard
  runtime_world world;
  caf::actor first;
  caf::actor other;
};

/// Beside other tests, too, the GIL is kept by then.
constexpr auto limited = "    max_handler_time = 500\n";

/// @returns the error that a request came to; none for an answer
template <class Handle>
std::optional<errc> error_of(Handle pending) {
  std::optional<errc> result;
  pending.receive([](const value&) {},
                  [&](caf::error& why) { result = from_caf(why).code; });
  return result;
}

} // namespace

TEST_CASE("a call without a limit that keeps the shared GIL is reported",
          "[.][wedged_gil]") {
  wedged_world x;
  x.run("keep");
  x.await_report();
  CHECK(x.said.find("cannot be had") != std::string::npos);
  CHECK(x.said.find("default/0: actor") != std::string::npos);
  CHECK_FALSE(x.world.python().stop(1s).complete());
}

TEST_CASE("a call that is given up and keeps the shared GIL is reported",
          "[.][wedged_call]") {
  wedged_world x{limited, 10s};
  CHECK(error_of(x.run("keep")) == errc::hung);
  x.await_report();
  CHECK(x.said.find("default/0: actor") != std::string::npos);
  CHECK(x.world.python().contexts_given_up() == 1);
  CHECK_FALSE(x.world.python().stop(1s).complete());
}

TEST_CASE("a call that keeps the shared GIL for a while loses its context only",
          "[.][wedged_while]") {
  wedged_world x{limited, 10s};
  auto call = x.keep_until_open();
  x.hand_over_late();
  CHECK(error_of(std::move(call)) == errc::hung);
  auto again = x.world.spawn(keeper, {}, {.index = 0});
  CHECK(x.world.call(again, "answer") == 42);
  CHECK(x.world.call(x.other, "hear_interrupt") == true);
  CHECK(x.said.empty());
}

TEST_CASE(
  "a call is interrupted, late, where somebody else had tried to have the "
  "GIL by then",
  "[.][wedged_probe]") {
  wedged_world x{limited, 100ms};
  auto call = x.keep_until_open();
  x.await_report();
  x.hand_over_late();
  CHECK(error_of(std::move(call)) == errc::hung);
  CHECK(x.world.call(x.other, "hear_interrupt") == true);
}

TEST_CASE("a context whose call kept the shared GIL for long is replaced then",
          "[.][wedged_long]") {
  wedged_world x{limited, 10s};
  CHECK(error_of(x.keep_until_open()) == errc::hung);
  CHECK(x.said.find("default/0: actor") != std::string::npos);
  x.held.open();
  caf::actor fresh;
  REQUIRE(x.world.eventually([&] {
    try {
      fresh = x.world.spawn(keeper, {}, {.index = 0});
    } catch (const python_error&) {
      return false;
    }
    return true;
  }));
  CHECK(x.world.call(fresh, "answer") == 42);
}

TEST_CASE("a long call that hands the GIL over is not reported",
          "[.][wedged_not]") {
  wedged_world x;
  x.run("spin");
  // Several times the patience, as Python code measures it.
  REQUIRE(x.world.hear());
  CHECK(x.said.empty());
  CHECK(x.world.python().stop(patience).complete());
}

TEST_CASE("a wedged GIL ends the process where the options say so",
          "[.][wedged_abort]") {
  auto end = in_another_process([] {
    runtime_world world{impatient(wedged_gil_policy::abort_process)};
    auto first = world.spawn(keeper, {}, {.index = 0});
    auto other = world.spawn(keeper, {}, {.index = 1});
    world.client()->send(first, runtime_world::make_call("keep"));
    world.hear();
    // It may be answered before the GIL is kept; the end comes in any case.
    static_cast<void>(world.call(other, "answer"));
    world.hear();
  });
  CHECK(end.aborted());
  CHECK(end.said.find("the process is ended") != std::string::npos);
}

} // namespace wedged_gil_test
