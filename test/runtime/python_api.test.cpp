#include <pyactor/libpyactor/host.hpp>
#include <pyactor/test/support/module_folder.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <thread>

namespace python_api_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// What the tests import.
constexpr auto crew = R"(
import pyactor

class Worker(pyactor.Actor):
    def __init__(self, name="nobody"):
        self.name = name
        self.seen = []

    def on_exit(self, reason):
        pyactor.send("test", "gone", self.name)

    def greet(self, whom=None):
        pyactor.send("test", "greeted", self.name, whom)
        return self.name

    def note(self, number):
        self.seen.append(number)

    def notes(self):
        return self.seen

    def me(self):
        return pyactor.self()

    def fail(self):
        raise RuntimeError(self.name + " failed")

    def answer_to(self, whom, *, shout=False):
        text = "hello from " + self.name
        pyactor.send(whom, "hear", text.upper() if shout else text)

class Broken(pyactor.Actor):
    def __init__(self):
        raise ValueError("cannot start")

class Plain:
    pass

not_a_class = 1
)";

/// Runs any code in a method, with `pyactor` and the instance at hand.
constexpr auto runner = R"(
import pyactor

class Main(pyactor.Actor):
    keep_alive_on = (Exception,)

    def run(self, code):
        scope = {"pyactor": pyactor, "actor": self}
        exec(code, scope)
        return scope.get("result")

    def hear(self, text):
        pyactor.send("test", "heard", text)
)";

struct python_api_world {
  explicit python_api_world(interpreter_kind kind = interpreter_kind::main,
                            size_t size = 1)
    : world(options(kind, size)) {
    actor = world.spawn(runner);
  }

  runtime_options options(interpreter_kind kind, size_t size) {
    folder.add("crew", crew);
    folder.add("unready", "raise ImportError('the model is missing')\n");
    folder.add("crooked", "def f(:\n");
    auto result = one_pool(kind, size);
    result.python.search_paths = {folder.path()};
    return result;
  }

  expected<value> run(const std::string& code) {
    return world.call(actor, "run", code);
  }

  module_folder folder;
  runtime_world world;
  caf::actor actor;
};

expected<value> first_argument(const std::optional<call>& heard) {
  if (!heard || heard->args.positional.empty())
    return fail(errc::timed_out, "nothing was heard");
  return heard->args.positional.front();
}

} // namespace

TEST_CASE("self is the running actor, and only there", "[python_api]") {
  auto kind = GENERATE(from_range(kinds()));
  python_api_world all{kind};
  auto me = all.run("result = pyactor.self()");
  REQUIRE(me);
  REQUIRE(me->as_actor());
  CHECK(me->as_actor()->id() == all.actor.id());
  CHECK(me->as_actor()->alive());
  CHECK(all.run("import threading\n"
                "def ask():\n"
                "    global result\n"
                "    try: pyactor.self()\n"
                "    except RuntimeError: result = 'refused'\n"
                "thread = threading.Thread(target=ask)\n"
                "thread.start(); thread.join()\n")
        == "refused");
}

TEST_CASE("self does not keep its actor alive", "[python_api]") {
  python_api_world all;
  auto me = all.run("actor.me = result = pyactor.self()");
  REQUIRE(me);
  all.world.client()->monitor(all.actor);
  all.actor = nullptr;
  bool down = false;
  all.world.client()->receive([&](caf::down_msg&) { down = true; });
  CHECK(down);
  CHECK_FALSE(me->as_actor()->alive());
  CHECK(fails(me->as_actor()->send("hear", {}), {errc::actor_dead}));
}

TEST_CASE("spawn keeps an actor alive until its last reference goes",
          "[python_api]") {
  auto kind = GENERATE(from_range(kinds()));
  python_api_world all{kind};
  REQUIRE(all.run("import crew\n"
                  "actor.worker = pyactor.spawn(crew.Worker, name='ada')\n"
                  "pyactor.send(actor.worker, 'greet', 'bob')\n"));
  auto greeted = all.world.hear();
  REQUIRE(greeted);
  CHECK(greeted->args.positional == std::vector<value>{"ada", "bob"});
  REQUIRE(all.run("pyactor.send(actor.worker, 'greet')\n"));
  REQUIRE(all.world.hear());
  REQUIRE(all.run("del actor.worker\npyactor.send('test', 'dropped')\n"));
  // Its end does not run inside the handler that dropped it.
  for (auto* event : {"dropped", "gone"}) {
    auto heard = all.world.hear();
    REQUIRE(heard);
    CHECK(heard->function == event);
  }
  CHECK(all.world.await_environments(1));
}

TEST_CASE("an actor that is spawned and dropped at once still runs its end",
          "[python_api]") {
  python_api_world all;
  REQUIRE(all.run("pyactor.spawn('crew:Worker', 'brief')"));
  CHECK(first_argument(all.world.hear()) == "brief");
  CHECK(all.world.await_environments(1));
}

TEST_CASE("messages of one actor to another arrive in order", "[python_api]") {
  auto kind = GENERATE(from_range(kinds()));
  python_api_world all{kind, 2};
  auto worker = all.world.python().spawn_python(
    actor_class::from_module("crew:Worker"), {}, {.index = 1});
  REQUIRE(all.world.python().register_name("worker", worker));
  REQUIRE(all.run("for i in range(500): pyactor.send('worker', 'note', i)"));
  std::vector<value> numbers;
  for (int i = 0; i < 500; ++i)
    numbers.emplace_back(i);
  CHECK(all.world.call(worker, "notes") == value::list(numbers));
}

TEST_CASE("a reference makes the round trip through messages", "[python_api]") {
  auto kind = GENERATE(from_range(kinds()));
  python_api_world all{kind, 2};
  auto worker
    = all.world.python().spawn_python(actor_class::from_module("crew:Worker"),
                                      {.positional = {"ada"}}, {.index = 1});
  auto reference = all.world.call(worker, "me");
  REQUIRE(reference);
  // Handed to another actor, which hands out its own in turn.
  REQUIRE(all.world.ask(
    all.actor,
    call{"run",
         {.positional = {"actor.take = lambda whom: pyactor.send(whom, "
                         "'answer_to', pyactor.self(), shout=True)"}}}));
  REQUIRE(all.world.call(all.actor, "take", *reference));
  CHECK(first_argument(all.world.hear()) == "HELLO FROM ADA");
}

TEST_CASE("what a receiver answers or raises does not reach who only sent",
          "[python_api]") {
  auto kind = GENERATE(from_range(kinds()));
  python_api_world all{kind};
  auto worker = all.world.python().spawn_python(
    actor_class::from_module("crew:Worker"), {.positional = {"ada"}});
  REQUIRE(all.world.python().register_name("worker", worker));
  REQUIRE(all.run("pyactor.send('worker', 'greet')\n"
                  "pyactor.send('worker', 'no_such_method')\n"
                  "pyactor.send('worker', 'fail')\n"));
  REQUIRE(all.world.hear());
  all.world.await_exit(worker);
  CHECK(all.run("result = 1") == 1);
}

TEST_CASE("a context survives what its owners' messages bring back",
          "[python_api]") {
  python_api_world all;
  auto worker = all.world.python().spawn_python(
    actor_class::from_module("crew:Worker"), {.positional = {"ada"}});
  REQUIRE(all.world.python().register_name("worker", worker));
  REQUIRE(all.world.ask(all.world.server(),
                        exec{"import pyactor\n"
                             "pyactor.send('worker', 'fail')\n"}));
  all.world.await_exit(worker);
  CHECK(all.world.ask(all.world.server(), eval{"6 * 7"}) == 42);
}

TEST_CASE("names lead to live actors only", "[python_api]") {
  auto kind = GENERATE(from_range(kinds()));
  python_api_world all{kind};
  std::string name(100, 'n');
  CHECK(all.run("pyactor.register('" + name
                + "')\n"
                  "result = pyactor.whereis('"
                + name + "') == pyactor.self()")
        == true);
  CHECK(all.world.python().whereis(name) == all.actor);
  auto other = all.world.spawn(runner);
  CHECK(fails(all.world.python().register_name(name, other),
              {errc::already_exists, "", name}));
  CHECK(fails(all.world.call(other, "run", "pyactor.register('" + name + "')"),
              {errc::python_exception, "builtins.ValueError", name}));
  // The same name for the same actor once more is no mistake.
  CHECK(all.world.python().register_name(name, all.actor));
  caf::anon_send_exit(all.actor, caf::exit_reason::user_shutdown);
  all.world.await_exit(all.actor);
  CHECK_FALSE(all.world.python().whereis(name));
  CHECK(all.world.python().register_name(name, other));
  CHECK(all.world.python().whereis(name) == other);
  CHECK(fails(all.world.python().register_name("late", all.actor),
              {errc::actor_dead}));
  CHECK(fails(all.world.python().register_name("", other),
              {errc::invalid_argument}));
}

TEST_CASE("a name goes with the last handle of its actor", "[python_api]") {
  python_api_world all;
  REQUIRE(all.world.python().register_name("runner", all.actor));
  all.actor = nullptr;
  CHECK(all.world.eventually(
    [&] { return !all.world.python().whereis("runner"); }));
  CHECK(all.world.await_environments(0));
}

TEST_CASE("sending to nobody raises", "[python_api]") {
  python_api_world all;
  CHECK(all.run("result = pyactor.whereis('nobody')") == value{});
  CHECK(fails(all.run("pyactor.send('nobody', 'greet')"),
              {errc::python_exception, "", "nobody"}));
  auto worker
    = all.world.python().spawn_python(actor_class::from_module("crew:Worker"));
  auto reference = all.world.call(worker, "me");
  REQUIRE(reference);
  REQUIRE(all.run("def keep(whom): actor.worker = whom\nactor.keep = keep\n"));
  REQUIRE(all.world.call(all.actor, "keep", *reference));
  caf::anon_send_exit(worker, caf::exit_reason::kill);
  all.world.await_exit(worker);
  CHECK(fails(all.run("pyactor.send(actor.worker, 'greet')"),
              {errc::python_exception, "pyactor.DeadActorError", "ended"}));
  CHECK(all.run("try: pyactor.send(actor.worker, 'greet')\n"
                "except pyactor.DeadActorError: result = 'dead'\n")
        == "dead");
  CHECK(fails(all.run("pyactor.register('x', actor.worker)"),
              {errc::python_exception, "pyactor.DeadActorError"}));
}

TEST_CASE("Reject answers its caller and ends nobody", "[python_api]") {
  python_api_world all;
  CHECK(fails(all.run("raise pyactor.Reject('come back later')"),
              {errc::rejected, "", "come back later"}));
  CHECK(all.run("result = 1") == 1);
}

TEST_CASE("what cannot be an actor is a clear error", "[python_api]") {
  struct bad_class {
    std::string target;
    is_failure wanted;
  };

  auto bad = GENERATE(values<bad_class>({
    {"crew:Plain", {errc::invalid_argument, "", "pyactor.Actor"}},
    {"crew:not_a_class", {errc::invalid_argument, "", "not_a_class"}},
    {"crew:Missing", {errc::not_found, "", "Missing"}},
    {"no_such_module:Main", {errc::not_found, "", "no_such_module"}},
    {"crew", {errc::invalid_argument, "", "module:Class"}},
    {"unready:Main",
     {errc::python_exception, "builtins.ImportError", "the model is missing"}},
    {"crooked:Main",
     {errc::python_exception, "builtins.SyntaxError", "crooked.py"}},
    {"crew:Broken",
     {errc::python_exception, "builtins.ValueError", "cannot start"}},
  }));
  INFO(bad.target);
  python_api_world all;
  std::promise<caf::error> reported;
  auto doomed = all.world.python().spawn_python(
    actor_class::from_module(bad.target), {}, {},
    [&](const caf::error& outcome) { reported.set_value(outcome); });
  CHECK(matches(from_caf(reported.get_future().get()), bad.wanted));
  CHECK(matches(from_caf(all.world.await_exit(doomed)), bad.wanted));
  CHECK(all.world.await_environments(1));
  CHECK(all.run("result = 1") == 1);
}

TEST_CASE("source text without the class it should define is a clear error",
          "[python_api]") {
  python_api_world all;
  auto empty = all.world.spawn("x = 1");
  CHECK(matches(from_caf(all.world.await_exit(empty)),
                {errc::not_found, "", "Main"}));
  auto crooked = all.world.spawn("class Main(:\n  pass\n");
  CHECK(matches(from_caf(all.world.await_exit(crooked)),
                {errc::syntax_error, "", "class Main(:"}));
}

TEST_CASE("a spawn that cannot be found by name raises where it is asked for",
          "[python_api]") {
  python_api_world all;
  CHECK(fails(all.run("class Inner(pyactor.Actor): pass\n"
                      "pyactor.spawn(Inner)\n"),
              {errc::python_exception, "builtins.ValueError"}));
  CHECK(fails(all.run("pyactor.spawn(int)"),
              {errc::python_exception, "builtins.TypeError"}));
  CHECK(fails(all.run("pyactor.spawn('crew:Worker', object())"),
              {errc::python_exception, "builtins.TypeError"}));
  CHECK(all.world.stats().live_actors == 2);
}

} // namespace python_api_test
