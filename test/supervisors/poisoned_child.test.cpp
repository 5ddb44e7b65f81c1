// Python children whose interpreter is not to be trusted, in real time.

#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

namespace poisoned_child_test {

using namespace pyactor::supervisors;
using namespace pyactor::test;
using pyactor::value;

namespace {

constexpr auto source = R"(
import pyactor, sys

class Main(pyactor.Actor):
    def mark(self):
        sys.marked = True

    def is_marked(self):
        return hasattr(sys, "marked")

    def crash(self):
        raise ValueError("crashed")

    def poison_and_crash(self):
        pyactor.poison("its state is broken")
        raise ValueError("crashed")
)";

value call(runtime_world& world, const supervisor_ref& supervisor,
           const std::string& id, std::string method) {
  value result;
  supervisor.child(id)
    .request(world.client(), patience,
             runtime_world::make_call(std::move(method)))
    .receive([&](value& answer) { result = std::move(answer); },
             [](const caf::error&) {});
  return result;
}

/// @returns which child was in which poisoned context, of all events up to the
///          next restart
std::string poisoned_until_restart(const event_stream& news) {
  std::string result;
  for (;;) {
    auto event = news.next(patience);
    REQUIRE(event);
    if (event->what == supervision_event::kind::poisoned)
      result += event->id + " in " + event->context;
    if (event->what == supervision_event::kind::restarted)
      return result;
  }
}

} // namespace

TEST_CASE("a child that poisons its interpreter comes back in a fresh one; its "
          "neighbour goes on in the old, and follows when it ends",
          "[poisoned_child]") {
  if (!pyactor::main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  event_stream news;
  auto options = one_pool(pyactor::interpreter_kind::own_gil);
  options.log_level = "off";
  runtime_world world{std::move(options)};
  auto start = start_python(world.python(),
                            pyactor::actor_class::from_source(source, "Main"));
  auto supervisor
    = start_supervisor(
        world.system(), {.intensity = 9, .events = news},
        {{.id = "broken", .start = start}, {.id = "neighbour", .start = start}})
        .value();
  call(world, supervisor, "neighbour", "mark");
  CHECK(call(world, supervisor, "broken", "is_marked") == true);
  call(world, supervisor, "broken", "poison_and_crash");
  CHECK(poisoned_until_restart(news) == "broken in default/0");
  CHECK(call(world, supervisor, "broken", "is_marked") == false);
  CHECK(call(world, supervisor, "neighbour", "is_marked") == true);
  call(world, supervisor, "neighbour", "crash");
  CHECK(poisoned_until_restart(news) == "neighbour in default/0");
  CHECK(call(world, supervisor, "neighbour", "is_marked") == false);
  CHECK(supervisor.stop());
  CHECK(world.python().stop(patience).complete());
}

} // namespace poisoned_child_test
