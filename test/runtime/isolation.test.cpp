#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

namespace isolation_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// Keeps names in its environment, in its instance and in its class.
constexpr auto keeper = R"(
import pyactor

kept = []

class Main(pyactor.Actor):
    shared = []

    def __init__(self):
        self.own = []

    def keep(self, name):
        globals()[name] = 1
        for names in (kept, self.own, Main.shared):
            names.append(name)

    def kept(self):
        return [kept, self.own, Main.shared]

    def knows(self, name):
        return name in globals()
)";

value kept(std::vector<value> names) {
  auto list = value::list(std::move(names));
  return value::list({list, list, list});
}

/// A pinned C++ actor that speaks `eval` and `exec`.
caf::behavior scribe(python_actor* self) {
  return {
    [self](const eval& request) {
      return self->python().eval(request.expression);
    },
    [self](const exec& request) {
      self->python().exec(request.code);
      return value{};
    },
  };
}

/// Makes the interpreter remember a context variable of all its actors.
constexpr auto with_variable = R"(
import contextvars, sys
if not hasattr(sys, "test_variable"):
    sys.test_variable = contextvars.ContextVar("test", default="unset")
variable = sys.test_variable
)";

} // namespace

TEST_CASE("two Python actors of one context see nothing of each other",
          "[isolation]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto first = world.spawn(keeper);
  auto second = world.spawn(keeper);
  REQUIRE(world.call(first, "keep", "a"));
  CHECK(world.call(first, "kept") == kept({"a"}));
  CHECK(world.call(second, "kept") == kept({}));
  CHECK(world.call(second, "knows", "a") == false);
}

TEST_CASE("two C++ actors of one context see nothing of each other",
          "[isolation]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto first = world.python().spawn_function({}, scribe);
  auto second = world.python().spawn_function({}, scribe);
  REQUIRE(world.ask(first, exec{"secret = 1"}));
  CHECK(world.ask(first, eval{"secret"}) == 1);
  CHECK(fails(world.ask(second, eval{"secret"}),
              {errc::python_exception, "builtins.NameError"}));
}

TEST_CASE("actors of different kinds see nothing of each other",
          "[isolation]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  std::vector<caf::actor> all{world.server(), world.spawn(keeper),
                              world.python().spawn_function({}, scribe)};
  for (auto& one : all)
    REQUIRE(world.ask(one, exec{"mark_" + std::to_string(one.id()) + " = 1"}));
  for (auto& one : all) {
    auto marks = world.ask(one, eval{"[n for n in globals() if 'mark_' in n]"});
    CHECK(marks == value::list({"mark_" + std::to_string(one.id())}));
  }
}

TEST_CASE("two ordinary actors see nothing of each other", "[isolation]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  caf::scoped_actor other{world.system()};
  REQUIRE(world.ask(world.server(), exec{"secret = 1"}));
  CHECK(fails(outcome<value>(*other, world.server(), eval{"secret"}),
              {errc::python_exception, "builtins.NameError"}));
  CHECK(world.ask(world.server(), eval{"secret"}) == 1);
}

TEST_CASE("a new actor sees nothing of a dead one", "[isolation]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  for (int round = 0; round < 3; ++round) {
    auto actor = world.spawn(keeper);
    CHECK(world.call(actor, "kept") == kept({}));
    CHECK(world.call(actor, "knows", "a") == false);
    REQUIRE(world.call(actor, "keep", "a"));
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    world.await_exit(actor);
  }
}

TEST_CASE("a new ordinary actor sees nothing of a dead one", "[isolation]") {
  runtime_world world;
  for (int round = 0; round < 3; ++round) {
    caf::scoped_actor owner{world.system()};
    CHECK(outcome<value>(*owner, world.server(), eval{"'a' in globals()"})
          == false);
    REQUIRE(outcome<value>(*owner, world.server(), exec{"a = 1"}));
  }
}

TEST_CASE("an actor does not see another one's context variables",
          "[isolation]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto first = world.python().spawn_function({}, scribe);
  auto second = world.python().spawn_function({}, scribe);
  for (auto& one : {first, second})
    REQUIRE(world.ask(one, exec{with_variable}));
  REQUIRE(world.ask(first, exec{"variable.set('first')"}));
  CHECK(world.ask(second, eval{"variable.get()"}) == "unset");
}

TEST_CASE("owners whose requests share a slice see none of each other's "
          "context variables, nor do their preloads",
          "[isolation]") {
  auto options = one_pool(kinds().back());
  options.pools["default"].preload
    = with_variable + std::string{"at_first = variable.get()\n"};
  runtime_world world{options};
  caf::scoped_actor first{world.system()};
  caf::scoped_actor second{world.system()};
  // Once before, so that the second time takes no longer than a slice.
  auto set = exec{"variable.set('first')"};
  REQUIRE(outcome<value>(*first, world.server(), set));
  busy_context busy{world};
  first->send(world.server(), set);
  auto request = second->request(world.server(), patience,
                                 eval{"[at_first, variable.get()]"});
  busy.open();
  value seen;
  request.receive([&](value& answer) { seen = std::move(answer); },
                  [](caf::error&) {});
  CHECK(seen == value::list({"unset", "unset"}));
}

TEST_CASE("requests without a sender that share a slice see none of each "
          "other's context variables",
          "[isolation]") {
  runtime_world world;
  auto look_and_set = exec{with_variable
                           + std::string{"import pyactor\n"
                                         "pyactor.send('test', "
                                         "variable.get())\n"
                                         "variable.set('seen')\n"}};
  // As above.
  caf::anon_send(world.server(), look_and_set);
  CHECK(world.hear()->function == "unset");
  busy_context busy{world};
  for (int i = 0; i < 2; ++i)
    caf::anon_send(world.server(), look_and_set);
  busy.open();
  for (int i = 0; i < 2; ++i)
    CHECK(world.hear()->function == "unset");
}

TEST_CASE("an actor does not see the exception that another one handles",
          "[isolation]") {
  runtime_world world;
  auto first = world.python().spawn_function({}, scribe);
  auto second = world.python().spawn_function({}, scribe);
  // The generator stays inside its except clause.
  REQUIRE(world.ask(first, exec{"import sys\n"
                                "def handling():\n"
                                "  try: 1 / 0\n"
                                "  except ZeroDivisionError: yield\n"
                                "suspended = handling()\n"
                                "next(suspended)\n"}));
  REQUIRE(world.ask(second, exec{"import sys"}));
  CHECK(world.ask(second, eval{"sys.exception() is None"}) == true);
}

TEST_CASE("an environment used in another context gives wrong_interpreter",
          "[isolation]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind, 2)};
  auto env = world.ask(world.server(0), make_environment{});
  REQUIRE(env);
  is_failure wanted{errc::wrong_interpreter, "", "belongs to context"};
  CHECK(fails(world.ask(world.server(1), eval{"1", {}, *env}), wanted));
  CHECK(fails(world.ask(world.server(1), exec{"x = 1", {}, *env}), wanted));
  CHECK(
    fails(world.ask(world.server(1), runtime::call{"len", {}, *env}), wanted));
  CHECK(fails(world.ask(world.server(1), drop_environment{*env}), wanted));
  CHECK(world.ask(world.server(0), eval{"1", {}, *env}) == 1);
}

TEST_CASE("one actor's explicit environments see nothing of each other",
          "[isolation]") {
  runtime_world world;
  auto server = world.server();
  auto first = world.ask(server, make_environment{});
  auto second = world.ask(server, make_environment{});
  REQUIRE((first && second));
  REQUIRE(world.ask(server, exec{"x = 1", {}, *first}));
  REQUIRE(world.ask(server, exec{"x = 2", {}, *second}));
  REQUIRE(world.ask(server, exec{"x = 3"}));
  CHECK(world.ask(server, eval{"x", {}, *first}) == 1);
  CHECK(world.ask(server, eval{"x", {}, *second}) == 2);
  CHECK(world.ask(server, eval{"x"}) == 3);
}

TEST_CASE("a request without a sender leaves no trace", "[isolation]") {
  runtime_world world;
  caf::anon_send(world.server(),
                 exec{"import pyactor\n"
                      "pyactor.send('test', 'seen', 'trace' in globals())\n"
                      "trace = 1\n"});
  caf::anon_send(world.server(),
                 exec{"import pyactor\n"
                      "pyactor.send('test', 'seen', 'trace' in globals())\n"});
  for (int i = 0; i < 2; ++i) {
    auto seen = world.hear();
    REQUIRE(seen);
    CHECK(seen->args.positional == std::vector<value>{false});
  }
  CHECK(world.await_environments(0));
}

TEST_CASE("a preload runs afresh for each environment", "[isolation]") {
  auto kind = GENERATE(from_range(kinds()));
  auto options = one_pool(kind);
  options.pools["default"].preload = "import sys\nitems = []\n"
                                     "sys.preloads = 1 + getattr(sys, "
                                     "'preloads', 0)\n";
  runtime_world world{options};
  auto pinned = world.python().spawn_function({}, scribe);
  auto written = world.spawn(keeper);
  auto explicit_one = world.ask(world.server(), make_environment{});
  REQUIRE(explicit_one);
  std::vector<value> lengths;
  for (auto& who : {pinned, written, world.server()}) {
    REQUIRE(world.ask(who, exec{"items.append(1)"}));
    CHECK(world.ask(who, eval{"len(items)"}) == 1);
  }
  CHECK(world.ask(world.server(), eval{"len(items)", {}, *explicit_one}) == 0);
  CHECK(world.ask(world.server(), eval{"sys.preloads"}) == 4);
}

TEST_CASE("own-GIL pools have the collector's thresholds of their preloads",
          "[isolation]") {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  auto options = one_pool(interpreter_kind::own_gil);
  options.pools["other"] = options.pools["default"];
  options.pools["default"].preload = "import gc\ngc.set_threshold(4321)\n";
  runtime_world world{options};
  auto threshold_of = [&](const std::string& pool) {
    return world.ask(world.python().context_server_at({.pool = pool}),
                     eval{"__import__('gc').get_threshold()[0]"});
  };
  CHECK(threshold_of("default") == 4321);
  auto other = threshold_of("other");
  REQUIRE(other);
  CHECK(*other != value{4321});
}

TEST_CASE("a preload that fails is an error that names its context",
          "[isolation]") {
  auto options = one_pool(interpreter_kind::main);
  options.pools["default"].preload = "raise ValueError('not today')";
  runtime_world world{options};
  is_failure wanted{errc::python_exception, "builtins.ValueError",
                    "the preload of default/0 failed"};
  CHECK(fails(world.ask(world.server(), eval{"1"}), wanted));
  auto pinned = world.python().spawn_function({}, scribe);
  CHECK(fails(world.ask(pinned, eval{"1"}), wanted));
  error why;
  auto written = world.spawn(keeper);
  CHECK(matches(from_caf(world.await_exit(written)), wanted));
}

} // namespace isolation_test
