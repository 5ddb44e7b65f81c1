// Probes of Python actors, in real time.

#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace python_probe_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using pyactor::test::patience;
using pyactor::test::runtime_world;
using event = supervision_event::kind;

#define TEST(what) TEST_CASE(what, "[python_probe]")

namespace {

/// Each call of `is_well` comes to the next expression; the last one stays.
constexpr auto source = R"(
import pyactor

class Main(pyactor.Actor):
    def __init__(self, *plan):
        self.plan = list(plan)

    def is_well(self, argument):
        code = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
        return eval(code, {"argument": argument, "fail": self.fail})

    def fail(self, what):
        raise what
)";

/// @returns a probe that asks often, and gives the answer plenty of time
probe often(const std::string& method) {
  return {.question = probe_method(method, {.positional = {5}}),
          .period = 1ms,
          .timeout = patience};
}

/// A Python actor that comes to these outcomes, one after another.
struct planned_actor {
  explicit planned_actor(pyactor::value::sequence plan)
    : spec{.id = "c",
           .start = start_python(
             world.python(), pyactor::actor_class::from_source(source, "Main"),
             {.positional = std::move(plan)})} {
  }

  ~planned_actor() {
    if (supervisor)
      CHECK(supervisor->stop());
  }

  /// @returns why it did not start; none if it has
  std::optional<sup_error> start() {
    auto started = start_supervisor(
      world.system(), {.intensity = 1'000'000, .events = news}, {spec});
    if (!started)
      return started.error();
    supervisor = std::move(*started);
    return std::nullopt;
  }

  supervision_event next(event what) {
    for (;;) {
      auto seen = news.next(patience);
      REQUIRE(seen);
      if (seen->what == what)
        return *seen;
    }
  }

  runtime_world world;
  event_stream news;
  child_spec spec;
  std::optional<supervisor_ref> supervisor;
};

} // namespace

TEST("a Python actor is ready when its method returns True; whatever else it "
     "returns or raises is a miss, and ends nobody") {
  std::string miss = GENERATE(
    "False", "None", "1", "'True'", "[True]", "object()", "fail(ValueError)",
    "fail(SystemExit)", "fail(MemoryError)", "fail(KeyboardInterrupt)");
  planned_actor x{{miss, "argument == 5", miss, "True"}};
  x.spec.readiness = often("is_well");
  x.spec.readiness->failure_threshold = 1;
  REQUIRE_FALSE(x.start());
  x.next(event::ready);
  x.next(event::not_ready);
  x.next(event::ready);
  CHECK(x.supervisor->child("c").current());
  CHECK(x.supervisor->which_children()->at(0).starts == 1);
}

TEST("a Python actor whose liveness method raises too often is replaced") {
  planned_actor x{{"True", "fail(ValueError('no model'))"}};
  x.spec.liveness = often("is_well");
  x.spec.liveness->failure_threshold = 2;
  REQUIRE_FALSE(x.start());
  auto how = x.next(event::exited).exit;
  REQUIRE(how);
  CHECK(how->kind == exit_kind::liveness_failed);
  INFO(how->message);
  CHECK(how->message.starts_with("2 misses of the liveness probe"));
  CHECK(how->message.ends_with("ValueError: no model"));
  x.next(event::restarted);
}

TEST("a Python actor has started when its startup method returns True") {
  planned_actor x{{"False", "fail(OSError)", "True"}};
  x.spec.startup = often("is_well");
  CHECK_FALSE(x.start());
  CHECK(x.supervisor->child("c").current());
}

TEST("a Python actor without the method of its probe fails each time") {
  planned_actor x{{"True"}};
  x.spec.startup = often("is_wel");
  auto why = x.start();
  REQUIRE(why);
  CHECK(why->code == sup_errc::failed_to_start_child);
  INFO(why->message);
  CHECK(why->message.starts_with("3 misses of the startup probe"));
  CHECK(why->message.find("is_wel") != std::string::npos);
}

} // namespace python_probe_test
