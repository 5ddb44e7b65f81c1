// Each test leaves a thread behind that keeps the GIL, so each has a process of
// its own.

#include <pyactor/test/support/another_process.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <spdlog/sinks/callback_sink.h>
#include <spdlog/spdlog.h>

#include <future>
#include <string>

namespace wedged_gil_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

/// `keep` holds the GIL for ever.
constexpr auto keeper = R"(
import itertools, pyactor, time

class Main(pyactor.Actor):
    def keep(self):
        pyactor.send("test", "keeping")
        sum(itertools.repeat(0))

    def spin(self):
        pyactor.send("test", "spinning")
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            pass
        pyactor.send("test", "over")

    def answer(self):
        return 42
)";

runtime_options impatient(wedged_gil_policy policy) {
  auto result = one_pool(interpreter_kind::main, 2);
  result.interrupt_grace = 50ms;
  result.gil_patience = 100ms;
  result.on_wedged_gil = policy;
  result.log_level = "critical";
  return result;
}

/// Two contexts, of which the first runs a method for long.
struct wedged_world {
  explicit wedged_world(wedged_gil_policy policy, const std::string& limit = {},
                        const std::string& method = "keep")
    : world(impatient(policy)) {
    spdlog::get("pyactor.runtime")->sinks()
      = {std::make_shared<spdlog::sinks::callback_sink_mt>(
        [this](const spdlog::details::log_msg& what) {
          if (!said.empty())
            return;
          said.assign(what.payload.data(), what.payload.size());
          heard.set_value();
        })};
    auto first = world.spawn(keeper + limit, {}, {.index = 0});
    other = world.spawn(keeper, {}, {.index = 1});
    REQUIRE(world.call(other, "answer") == 42);
    world.client()->send(first, runtime_world::make_call(method));
    REQUIRE(world.hear());
  }

  void await_report() {
    REQUIRE(heard.get_future().wait_for(patience) == std::future_status::ready);
  }

  std::promise<void> heard;
  std::string said; // written before it is heard
  runtime_world world;
  caf::actor other;
};

} // namespace

TEST_CASE("a call without a limit that keeps the shared GIL is reported",
          "[.][wedged_gil]") {
  wedged_world x{wedged_gil_policy::report};
  x.await_report();
  CHECK(x.said.find("cannot be had") != std::string::npos);
  CHECK(x.said.find("default/0: actor") != std::string::npos);
  CHECK_FALSE(x.world.python().stop(1s).complete());
}

TEST_CASE("a call that is given up and keeps the shared GIL is reported",
          "[.][wedged_call]") {
  wedged_world x{wedged_gil_policy::report, "    max_handler_time = 100\n"};
  x.await_report();
  CHECK(x.said.find("default/0: actor") != std::string::npos);
  CHECK(x.world.python().contexts_given_up() == 1);
  CHECK_FALSE(x.world.python().stop(1s).complete());
}

TEST_CASE("a long call that hands the GIL over is not reported",
          "[.][wedged_not]") {
  wedged_world x{wedged_gil_policy::report, "", "spin"};
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
