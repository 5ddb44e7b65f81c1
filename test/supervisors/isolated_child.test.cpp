// Children that have a Python interpreter for themselves, in real time.

#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/test/support/footprint.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>
#include <vector>

namespace isolated_child_test {

using namespace pyactor::supervisors;
using namespace pyactor::test;
using namespace std::chrono_literals;
using pyactor::errc;
using pyactor::interpreter_kind;
using pyactor::value;

namespace {

constexpr auto source = R"(
import pyactor, sys, time

class Main(pyactor.Actor):
    def mark(self):
        sys.marked = True

    def is_marked(self):
        return hasattr(sys, "marked")

    def crash(self):
        raise ValueError("crashed")

    def poison(self):
        pyactor.poison("its state is broken")

    def spin(self):
        pyactor.send("test", "hanging")
        while True:
            pass

    def sleep(self):
        pyactor.send("test", "hanging")
        time.sleep(10_000)
)";

/// Evaluates an expression whose value is a bool.
struct evaluator : pyactor::runtime::python_actor {
  using pyactor::runtime::python_actor::python_actor;

  caf::behavior make_behavior() override {
    return {[this](const std::string& text) {
      return python().eval(text) == value{true};
    }};
  }
};

bool can_isolate() {
  return pyactor::main_interpreter::supports_own_gil();
}

pyactor::runtime::runtime_options quiet(interpreter_kind kind) {
  auto result = one_pool(kind);
  result.interrupt_grace = 50ms;
  result.log_level = "off";
  return result;
}

/// A supervisor whose child "alone" has an interpreter for itself, and whose
/// child "shared" lives in the only context of the pool.
struct two_children {
  explicit two_children(interpreter_kind kind = interpreter_kind::main)
    : world(quiet(kind)) {
    auto start = start_python(
      world.python(), pyactor::actor_class::from_source(source, "Main"));
    supervisor.emplace(
      start_supervisor(
        world.system(), {.intensity = 1000, .events = news},
        {{.id = "alone",
          .start = start,
          .shutdown = stop_policy{.timeout = 50ms, .kill_grace = 50ms},
          .isolation = isolation::subinterpreter},
         {.id = "shared", .start = start}})
        .value());
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

  /// Calls a method that does not return, and waits until it runs.
  void hang(const std::string& id, std::string method) {
    caf::anon_send(supervisor->child(id).proxy(world.system()),
                   runtime_world::make_call(std::move(method)));
    REQUIRE(world.hear());
  }

  std::string context_of(const std::string& id) {
    return supervisor->which_child(id)->context;
  }

  /// Awaits that event.
  /// @returns the kinds of all up to it
  std::vector<supervision_event::kind>
  hear_up_to(supervision_event::kind what) {
    std::vector<supervision_event::kind> result;
    do {
      auto event = news.next(patience);
      REQUIRE(event);
      result.push_back(event->what);
    } while (result.back() != what);
    return result;
  }

  /// @returns whether only the pool's context is left soon
  bool await_one_context() {
    return world.eventually([&] { return world.python().stats().size() == 1; });
  }

  event_stream news;
  runtime_world world;
  std::optional<supervisor_ref> supervisor;
};

} // namespace

TEST_CASE(
  "each incarnation of an isolated child has an interpreter that nobody "
  "has used before, and no other child lives there",
  "[isolated_child]") {
  if (!can_isolate())
    SKIP("own-GIL interpreters need CPython 3.14");
  for (auto kind : kinds()) {
    two_children x{kind};
    CHECK(x.call("shared", "mark"));
    CHECK(x.call("alone", "is_marked") == value{false});
    CHECK(x.call("alone", "mark"));
    auto first = x.context_of("alone");
    CHECK(first.starts_with("default/dedicated-"));
    CHECK(x.context_of("shared") == "default/0");
    CHECK_FALSE(x.call("alone", "crash"));
    x.hear_up_to(supervision_event::kind::restarted);
    CHECK(x.call("alone", "is_marked") == value{false});
    CHECK(x.call("shared", "is_marked") == value{true});
    CHECK(x.context_of("alone") != first);
    CHECK(x.supervisor->stop());
    CHECK(x.await_one_context());
    CHECK(x.world.python().stop(patience).complete());
  }
}

TEST_CASE("a reset of an isolated child resets all of its interpreter",
          "[isolated_child]") {
  if (!can_isolate())
    SKIP("own-GIL interpreters need CPython 3.14");
  two_children x;
  CHECK(x.call("alone", "mark"));
  CHECK(x.supervisor->cycle_child("alone"));
  CHECK(x.call("alone", "is_marked") == value{false});
}

TEST_CASE("a pinned actor of C++ can have an interpreter for itself",
          "[isolated_child]") {
  if (!can_isolate())
    SKIP("own-GIL interpreters need CPython 3.14");
  runtime_world world{quiet(interpreter_kind::main)};
  auto supervisor
    = start_supervisor(world.system(), {},
                       {{.id = "alone",
                         .start = start_pinned<evaluator>(world.python(), {}),
                         .isolation = isolation::subinterpreter}})
        .value();
  auto eval = [&](const std::string& text) {
    bool result = false;
    supervisor.child("alone")
      .request(world.client(), patience, text)
      .receive([&](bool good) { result = good; }, [](const caf::error&) {});
    return result;
  };
  const std::string is_marked = "hasattr(__import__('sys'), 'marked')";
  CHECK_FALSE(eval(is_marked));
  CHECK(eval("setattr(__import__('sys'), 'marked', 1) is None"));
  CHECK(eval(is_marked));
  CHECK(supervisor.cycle_child("alone"));
  CHECK_FALSE(eval(is_marked));
}

TEST_CASE("twenty incarnations of an isolated child leave no context and no "
          "thread",
          "[isolated_child]") {
  if (!can_isolate())
    SKIP("own-GIL interpreters need CPython 3.14");
  two_children x;
  auto before = measure();
  for (auto i = 0; i < 20; ++i) {
    CHECK_FALSE(x.call("alone", "crash"));
    x.hear_up_to(supervision_event::kind::restarted);
  }
  CHECK(
    x.world.eventually([&] { return x.world.python().stats().size() == 2; }));
  // The last one that ended is joined when the next one starts.
  CHECK(await_threads(before.threads + 1));
  CHECK(measure().files <= before.files);
  CHECK(x.supervisor->stop());
  CHECK(x.await_one_context());
}

TEST_CASE("a call of an isolated child that is in the way of its stop is "
          "interrupted",
          "[isolated_child]") {
  if (!can_isolate())
    SKIP("own-GIL interpreters need CPython 3.14");
  two_children x;
  x.hang("alone", "spin");
  CHECK(x.supervisor->terminate_child("alone"));
  x.hear_up_to(supervision_event::kind::hung);
  CHECK(x.supervisor->restart_child("alone"));
  CHECK(x.call("alone", "is_marked") == value{false});
}

TEST_CASE(
  "an isolated child whose call does not come back is given up with its "
  "interpreter, and nobody else loses anything",
  "[.][lost_isolated]") {
  if (!can_isolate())
    SKIP("own-GIL interpreters need CPython 3.14");
  two_children x;
  CHECK(x.call("shared", "mark"));
  x.hang("alone", "sleep");
  caf::anon_send(x.supervisor->child("alone").current().value(),
                 runtime_world::make_call("mark"));
  CHECK(x.supervisor->terminate_child("alone"));
  CHECK(x.supervisor->statistics()->zombies.size() == 1);
  CHECK(x.supervisor->statistics()->lost_messages == 1);
  CHECK(x.supervisor->restart_child("alone"));
  CHECK(x.call("alone", "is_marked") == value{false});
  CHECK(x.call("shared", "is_marked") == value{true});
  CHECK(x.world.python().contexts_given_up() == 1);
  CHECK(x.supervisor->stop());
  CHECK_FALSE(x.world.python().stop(2s).complete());
}

TEST_CASE(
  "an isolated child that poisons its interpreter goes on, because that "
  "ends with it",
  "[isolated_child]") {
  if (!can_isolate())
    SKIP("own-GIL interpreters need CPython 3.14");
  two_children x;
  CHECK(x.call("alone", "poison"));
  CHECK(x.call("alone", "mark"));
  CHECK_FALSE(x.call("alone", "crash"));
  auto heard = x.hear_up_to(supervision_event::kind::restarted);
  CHECK(std::ranges::count(heard, supervision_event::kind::poisoned) == 0);
  CHECK(x.call("alone", "is_marked") == value{false});
  CHECK(x.world.python().contexts_poisoned() == 0);
}

TEST_CASE("an isolated child cannot live in a certain context of a pool",
          "[isolated_child]") {
  runtime_world world{quiet(interpreter_kind::main)};
  auto started = start_supervisor(
    world.system(), {},
    {{.id = "alone",
      .start = start_python(world.python(),
                            pyactor::actor_class::from_source(source, "Main"),
                            {}, {.index = 0}),
      .isolation = isolation::subinterpreter}});
  REQUIRE_FALSE(started);
  CHECK(started.error().code == sup_errc::failed_to_start_child);
  CHECK(started.error().message.find("leave out the index 0")
        != std::string::npos);
}

TEST_CASE("an isolated child says below CPython 3.14 why it does not start",
          "[isolated_child]") {
  if (can_isolate())
    SKIP("this CPython has own-GIL interpreters");
  runtime_world world{quiet(interpreter_kind::main)};
  auto started = start_supervisor(
    world.system(), {},
    {{.id = "alone",
      .start = start_python(world.python(),
                            pyactor::actor_class::from_source(source, "Main")),
      .isolation = isolation::subinterpreter}});
  REQUIRE_FALSE(started);
  CHECK(started.error().message.find("needs CPython 3.14")
        != std::string::npos);
}

TEST_CASE("an isolated child that has nothing to do leaves no context",
          "[isolated_child]") {
  if (!can_isolate())
    SKIP("own-GIL interpreters need CPython 3.14");
  runtime_world world{quiet(interpreter_kind::main)};
  auto idle = pyactor::actor_class::from_source(
    "import pyactor\n"
    "class Main(pyactor.Actor):\n"
    "    def __init__(self):\n"
    "        raise pyactor.StartIgnored('nothing to do')\n",
    "Main");
  auto supervisor
    = start_supervisor(world.system(), {},
                       {{.id = "alone",
                         .start = start_python(world.python(), idle),
                         .isolation = isolation::subinterpreter}})
        .value();
  CHECK(supervisor.which_child("alone")->status == child_status::stopped);
  CHECK(supervisor.which_child("alone")->starts == 1);
  CHECK(world.eventually([&] { return world.python().stats().size() == 1; }));
  CHECK(supervisor.stop());
  CHECK(world.python().stop(patience).complete());
}

TEST_CASE("a start after the runtime's end is refused to an isolated child",
          "[isolated_child]") {
  if (!can_isolate())
    SKIP("own-GIL interpreters need CPython 3.14");
  two_children x;
  CHECK(x.supervisor->terminate_child("alone"));
  CHECK(x.world.python().stop(patience).complete());
  auto started = x.supervisor->restart_child("alone");
  REQUIRE_FALSE(started);
  CHECK(started.error().code == sup_errc::start_failed);
  CHECK(started.error().message.find("the runtime has been stopped")
        != std::string::npos);
}

} // namespace isolated_child_test
