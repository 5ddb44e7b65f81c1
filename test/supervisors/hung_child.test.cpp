// Python children whose calls take too long, in real time.

#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hung_child_test {

using namespace pyactor::supervisors;
using namespace pyactor::test;
using namespace std::chrono_literals;
using namespace std::string_literals;
using pyactor::errc;
using pyactor::value;

namespace {

constexpr auto methods = R"(
import os, pyactor, time, traceback # which the first error imports otherwise

class Main(pyactor.Actor):
    def read(self, file):
        os.read(file, 1)
        self.spin() # until the interrupt, which comes later than its report

    def spin(self):
        while True:
            pass

    def sleep(self):
        time.sleep(10_000)

    def answer(self):
        return 42
)";

/// Keeps the GIL, in code of C, until there is something to read.
constexpr auto keeper = R"(
import ctypes, pyactor

class Main(pyactor.Actor):
    def keep(self, file):
        pyactor.send("test", "keeping")
        ctypes.PyDLL(None).read(file, ctypes.create_string_buffer(1), 1)

    def answer(self):
        return 42
)";

caf::behavior echo() {
  return {[](int x) { return x; }};
}

/// @returns `methods` whose calls are limited
std::string limited() {
  return methods
         + ("    max_handler_time = " + std::to_string(call_limit.count())
            + "\n");
}

pyactor::runtime::runtime_options hasty() {
  auto result = one_pool(kinds().back());
  result.interrupt_grace = 50ms;
  result.log_level = "off";
  return result;
}

/// Python children in one context.
struct python_children {
  explicit python_children(const std::vector<std::string>& ids,
                           pyactor::runtime::runtime_options options = hasty(),
                           const std::string& source = limited())
    : world(std::move(options)) {
    supervisor_flags flags{.intensity = 10, .events = news};
    std::vector<child_spec> specs;
    for (const auto& id : ids)
      specs.push_back(
        {.id = id,
         .start = start_python(
           world.python(), pyactor::actor_class::from_source(source, "Main"))});
    supervisor
      = start_supervisor(world.system(), std::move(flags), std::move(specs))
          .value();
  }

  pyactor::expected<value> call(const std::string& id, std::string method) {
    pyactor::expected<value> result;
    supervisor->child(id)
      .request(world.client(), patience,
               runtime_world::make_call(std::move(method)))
      .receive([&](value& answer) { result = std::move(answer); },
               [&](caf::error& why) {
                 result = pyactor::unexpected{pyactor::runtime::from_caf(why)};
               });
    return result;
  }

  /// Sends a call of a method that waits for `until`.
  void send(const std::string& id, const std::string& method,
            const gate& until) {
    world.client()->send(
      supervisor->child(id).current().value(),
      runtime_world::make_call(method, static_cast<int64_t>(until.fd())));
  }

  /// @returns the next event
  supervision_event hear() {
    auto event = news.next(patience);
    REQUIRE(event);
    hung_events += event->what == supervision_event::kind::hung;
    return *event;
  }

  /// @returns the next event of that kind
  supervision_event await(supervision_event::kind what) {
    for (;;)
      if (auto event = hear(); event.what == what)
        return event;
  }

  /// Waits until so many children are back.
  /// @returns how each ended
  std::map<std::string, exit_kind> await_restarts(size_t count) {
    std::map<std::string, exit_kind> result;
    while (count > 0) {
      auto event = hear();
      if (event.what == supervision_event::kind::exited)
        result[event.id] = event.exit->kind;
      count -= event.what == supervision_event::kind::restarted;
    }
    return result;
  }

  event_stream news;
  size_t hung_events = 0;
  runtime_world world;
  std::optional<supervisor_ref> supervisor;
};

} // namespace

TEST_CASE("a child whose call takes too long answers so, and comes back",
          "[hung_child]") {
  python_children x{{"a"}};
  auto answer = x.call("a", "spin");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == errc::hung);
  CHECK(x.await_restarts(1) == std::map{std::pair{"a"s, exit_kind::hung}});
  CHECK(x.call("a", "answer") == value{42});
  CHECK(x.supervisor->stop());
}

TEST_CASE("children of a context that is given up come back in a fresh one",
          "[.][lost_context]") {
  python_children x{{"a", "b"}};
  CHECK(x.call("a", "sleep").error().code == errc::hung);
  CHECK(x.await_restarts(2)
        == std::map{std::pair{"a"s, exit_kind::hung},
                    std::pair{"b"s, exit_kind::interpreter_lost}});
  for (const auto* id : {"a", "b"})
    CHECK(x.call(id, "answer") == value{42});
  CHECK(x.supervisor->stop());
  CHECK_FALSE(x.world.python().stop(2s).complete());
}

TEST_CASE("a call that takes too long is reported while it goes on, and once",
          "[hung_child]") {
  for (auto interpreter : kinds()) {
    gate kept;
    auto options = one_pool(interpreter);
    options.interrupt_grace = patience;
    options.log_level = "off";
    python_children x{{"a"}, options};
    x.send("a", "read", kept);
    CHECK(x.await(supervision_event::kind::hung).context == "default/0");
    CHECK(x.supervisor->which_child("a")->status == child_status::running);
    kept.open();
    CHECK(x.await_restarts(1) == std::map{std::pair{"a"s, exit_kind::hung}});
    CHECK(x.hung_events == 1);
    CHECK(x.supervisor->stop());
  }
}

TEST_CASE("a call that keeps the GIL of others is reported while it does so, "
          "and costs the child nothing",
          "[hung_child]") {
  gate kept;
  auto options = one_pool(pyactor::interpreter_kind::main, 2);
  options.gil_patience = 100ms;
  options.log_level = "off";
  python_children x{{"a"}, options, keeper};
  x.send("a", "keep", kept);
  REQUIRE(x.world.hear());
  CHECK(x.await(supervision_event::kind::gil_wedged).context == "default/0");
  kept.open();
  CHECK(x.call("a", "answer") == value{42});
  CHECK(x.supervisor->which_child("a")->incarnation == 1);
  CHECK(x.supervisor->stop());
}

TEST_CASE("a supervisor answers, starts and stops, and CAF's workers go on, "
          "while its Python children cannot have the GIL",
          "[hung_child]") {
  gate kept;
  runtime_world world{one_pool(pyactor::interpreter_kind::main, 2)};
  std::vector<child_spec> specs;
  for (size_t i = 0; i < 2; ++i)
    specs.push_back(
      {.id = "python " + std::to_string(i),
       .start = start_python(world.python(),
                             pyactor::actor_class::from_source(keeper, "Main"),
                             {}, {.index = i})});
  specs.push_back({.id = "plain", .start = start_function(echo)});
  auto supervisor
    = start_supervisor(world.system(), {.intensity = 100}, specs).value();
  auto plain = supervisor.child("plain");
  world.client()->send(
    supervisor.child("python 0").current().value(),
    runtime_world::make_call("keep", static_cast<int64_t>(kept.fd())));
  REQUIRE(world.hear());
  // Its own thread waits for the GIL then; a worker of CAF's would be gone.
  world.client()->send(supervisor.child("python 1").current().value(),
                       runtime_world::make_call("answer"));
  for (int i = 0; i < 20; ++i) {
    CHECK(supervisor.count_children()->active == 3);
    CHECK(supervisor.which_children()->size() == 3);
    CHECK(tree(supervisor)->children.size() == 3);
    CHECK(supervisor.cycle_child("plain"));
    CHECK(outcome<int>(*world.client().operator->(), plain.current().value(), i)
          == i);
  }
  CHECK(supervisor.terminate_child("plain"));
  kept.open();
  CHECK(supervisor.stop());
}

} // namespace hung_child_test
