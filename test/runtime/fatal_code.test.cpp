#include <pyactor/test/support/failing_allocation.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <atomic>

namespace fatal_code_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// Runs any code inside a method, and counts.
constexpr auto runner = R"(
import pyactor

class Main(pyactor.Actor):
    keep_alive_on = (ValueError, KeyboardInterrupt)

    def __init__(self):
        self.count = 0

    def run(self, code):
        exec(code, globals())

    def increment(self):
        self.count += 1
        return self.count
)";

/// A pinned C++ actor: what its Python raises leaves its handler.
caf::behavior daring(python_actor* self) {
  return {
    [self](const exec& request) {
      self->python().exec(request.code);
      return value{};
    },
  };
}

/// The same, but asks for errors as values.
caf::behavior careful(python_actor* self) {
  return {
    [self](const exec& request) -> caf::result<value> {
      auto done = self->python().try_exec(request.code);
      if (!done)
        return to_caf(std::move(done).error());
      return value{};
    },
  };
}

struct fatal_code {
  std::string type;
  std::string text;
  std::string code;
};

std::vector<fatal_code> fatal_codes() {
  return {
    {"builtins.RuntimeError", "no more", "raise RuntimeError('no more')"},
    {"builtins.SystemExit", "3", "import sys; sys.exit(3)"},
    {"builtins.KeyboardInterrupt", "", "raise KeyboardInterrupt"},
    {"builtins.RecursionError", "recursion",
     "def endless(): endless()\nendless()"},
    {"builtins.MemoryError", "", "bytearray(1 << 62)"},
    {"builtins.GeneratorExit", "", "raise GeneratorExit"},
  };
}

bool tells_all(const error& what, const fatal_code& wanted) {
  return matches(what, {errc::python_exception, wanted.type, wanted.text})
         && what.traceback.find("Traceback") != std::string::npos
         && what.traceback.find("line 1") != std::string::npos;
}

} // namespace

TEST_CASE("what a method raises is the answer to inquire, and ends nobody",
          "[fatal_code]") {
  runtime_world world;
  auto asked = world.spawn(runner);
  for (std::string code : {"raise ValueError", "raise TypeError",
                           "raise SystemExit", "raise KeyboardInterrupt",
                           "raise MemoryError", "import sys; sys.exit()"})
    CHECK(fails(
      world.ask<value>(asked, inquire{"run", {.positional = {value{code}}}}),
      {errc::python_exception}));
  CHECK(world.ask<value>(asked, inquire{"increment"}) == 1);
  CHECK(world.call(asked, "increment") == 2);
}

TEST_CASE("what ends an actor written in Python leaves its neighbours alone",
          "[fatal_code]") {
  auto kind = GENERATE(from_range(kinds()));
  auto fatal = GENERATE(from_range(fatal_codes()));
  runtime_world world{one_pool(kind)};
  auto neighbour = world.spawn(runner);
  REQUIRE(world.call(neighbour, "increment") == 1);
  REQUIRE(world.ask(world.server(), exec{"x = 1"}));
  auto before = world.live_environments();
  auto doomed = world.spawn(runner);
  auto failed = world.call(doomed, "run", fatal.code);
  REQUIRE_FALSE(failed);
  CHECK(tells_all(failed.error(), fatal));
  CHECK(tells_all(from_caf(world.await_exit(doomed)), fatal));
  CHECK(world.await_environments(before));
  CHECK(world.call(neighbour, "increment") == 2);
  CHECK(world.ask(world.server(), eval{"x"}) == 1);
}

TEST_CASE("what ends a C++ actor leaves its neighbours alone", "[fatal_code]") {
  auto fatal = GENERATE(from_range(fatal_codes()));
  runtime_world world;
  auto neighbour = world.spawn(runner);
  auto doomed = world.python().spawn_function({}, daring);
  auto failed = world.ask(doomed, exec{fatal.code});
  REQUIRE_FALSE(failed);
  CHECK(tells_all(failed.error(), fatal));
  CHECK(tells_all(from_caf(world.await_exit(doomed)), fatal));
  CHECK(world.call(neighbour, "increment") == 1);
  CHECK(world.await_environments(1));
}

TEST_CASE("what an ordinary actor's code raises ends nobody", "[fatal_code]") {
  auto fatal = GENERATE(from_range(fatal_codes()));
  runtime_world world;
  auto neighbour = world.spawn(runner);
  REQUIRE(world.ask(world.server(), exec{"x = 1"}));
  auto failed = world.ask(world.server(), exec{fatal.code});
  REQUIRE_FALSE(failed);
  CHECK(tells_all(failed.error(), fatal));
  CHECK(world.call(neighbour, "increment") == 1);
  CHECK(world.ask(world.server(), eval{"x"}) == 1);
}

TEST_CASE("an error that is asked for as a value does not end its actor",
          "[fatal_code]") {
  runtime_world world;
  auto actor = world.python().spawn_function({}, careful);
  REQUIRE(world.ask(actor, exec{"x = 1"}));
  CHECK(fails(world.ask(actor, exec{"y = x / 0"}),
              {errc::python_exception, "builtins.ZeroDivisionError"}));
  CHECK(world.ask(actor, exec{"assert x == 1"}));
}

TEST_CASE("a C++ exception ends its actor, and its text reaches the client",
          "[fatal_code]") {
  runtime_world world;
  auto throwing = [](python_actor*) {
    return caf::behavior{[](const exec&) -> value {
      throw std::runtime_error{"the disk is full"};
    }};
  };
  auto actor = world.python().spawn_function({}, throwing);
  is_failure wanted{errc::reply_lost, "", "the disk is full"};
  CHECK(fails(world.ask(actor, exec{}), wanted));
  CHECK(matches(from_caf(world.await_exit(actor)), wanted));
}

TEST_CASE("what a class keeps alive on answers without ending the actor",
          "[fatal_code]") {
  runtime_world world;
  auto actor = world.spawn(runner);
  REQUIRE(world.call(actor, "increment") == 1);
  CHECK(fails(world.call(actor, "run", "raise ValueError('too long')"),
              {errc::python_exception, "builtins.ValueError", "too long"}));
  CHECK(fails(world.call(actor, "run", "raise UnicodeError('a subclass')"),
              {errc::python_exception, "builtins.UnicodeError"}));
  CHECK(world.call(actor, "increment") == 2);
  CHECK(fails(
    world.call(actor, "run", "import pyactor; raise pyactor.Reject('not now')"),
    {errc::rejected, "", "not now"}));
  CHECK(world.call(actor, "increment") == 3);
}

TEST_CASE("KeyboardInterrupt ends an actor that would keep alive on it",
          "[fatal_code]") {
  runtime_world world;
  auto actor = world.spawn(runner);
  CHECK(fails(world.call(actor, "run", "raise KeyboardInterrupt"),
              {errc::python_exception, "builtins.KeyboardInterrupt"}));
  CHECK(world.await_exit(actor));
}

TEST_CASE("a request for which there is no memory fails, and nothing else",
          "[fatal_code]") {
  if (!can_fail_allocations)
    SKIP("the address sanitizer has an allocator of its own");
  // One runtime for all: CPython 3.12 aborts in the second life of ctypes.
  runtime_world world;
  REQUIRE(world.ask(world.server(), exec{failing_allocation() + "x = 1\n"}));
  auto before = world.live_environments();
  for (int number = 0; number < 6; ++number) {
    CAPTURE(number);
    auto fail = "fail(" + std::to_string(number) + ")";
    // What an ordinary actor asks for,
    for (auto* code :
         {"'a' * 99, 'b' * 99, 'c' * 99", "'d' * 99, 'e' * 99, 1 / 0"})
      CHECK_FALSE(
        world.ask(world.server(), eval{"(" + fail + ", " + code + ")"}));
    // and what a pinned actor does.
    auto doomed = world.python().spawn_function({}, careful);
    REQUIRE(world.ask(doomed, exec{failing_allocation()}));
    CHECK_FALSE(world.ask(doomed, exec{fail + "; [1] / 0"}));
    caf::anon_send_exit(doomed, caf::exit_reason::kill);
    world.await_exit(doomed);
    CHECK(world.await_environments(before));
    CHECK(world.ask(world.server(), eval{"x, 'a' * 99"}));
  }
}

TEST_CASE("what comes of a plain message does not disturb its sender",
          "[fatal_code]") {
  std::atomic<int> disturbed = 0;
  runtime_world world;
  auto receiver = world.server();
  SECTION("to a context") {
  }
  SECTION("to a Python actor") {
    receiver = world.spawn(runner);
  }
  SECTION("to a pinned actor that lets exceptions go") {
    receiver = world.python().spawn_function({}, [](python_actor* self) {
      return caf::behavior{
        [self](const exec& request) { self->python().exec(request.code); }};
    });
  }
  auto sender = world.system().spawn([&](caf::event_based_actor* self) {
    self->set_default_handler([&](auto*, auto&) -> caf::result<caf::message> {
      ++disturbed;
      return caf::message{};
    });
    auto pass_on = [self, receiver](const auto& request) {
      self->send(receiver, request);
      return int64_t{0};
    };
    return caf::behavior{
      [pass_on](const call& request) { return pass_on(request); },
      [pass_on](const exec& request) { return pass_on(request); },
      [](int64_t x) { return x; },
    };
  });
  for (auto* code : {"x = 1", "1 / 0"}) {
    REQUIRE(world.ask<int64_t>(sender, exec{code}));
    REQUIRE(
      world.ask<int64_t>(sender, world.make_call("run", std::string{code})));
    // What is asked later is answered later, or not at all.
    static_cast<void>(world.ask(receiver, exec{"y = 2"}));
    CHECK(world.ask<int64_t>(sender, int64_t{7}) == 7);
  }
  CHECK(disturbed == 0);
}

TEST_CASE("a call that no method takes leaves the actor alive",
          "[fatal_code]") {
  runtime_world world;
  auto actor = world.spawn(runner);
  CHECK(fails(world.call(actor, "fly"), {errc::not_found, "", "fly"}));
  CHECK(fails(world.call(actor, "__init__"), {errc::not_found}));
  CHECK(fails(world.call(actor, "increment", 1), {errc::invalid_argument}));
  CHECK(world.call(actor, "increment") == 1);
}

TEST_CASE("a message of a type that no handler takes is an error of its sender",
          "[fatal_code]") {
  runtime_world world;
  auto actor = world.spawn(runner);
  CHECK(fails(world.ask<value>(actor, std::string{"hello"}),
              {errc::invalid_argument}));
  CHECK(world.call(actor, "increment") == 1);
}

TEST_CASE("an __init__ that raises is a failed start with its traceback",
          "[fatal_code]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  std::promise<caf::error> reported;
  auto doomed
    = world.spawn("import pyactor\n"
                  "class Main(pyactor.Actor):\n"
                  "    def __init__(self, x):\n"
                  "        raise LookupError(f'no model {x}')\n"
                  "    def on_exit(self, reason):\n"
                  "        pyactor.send('test', 'on_exit')\n",
                  {.positional = {7}}, {}, [&](const caf::error& outcome) {
                    reported.set_value(outcome);
                  });
  auto why = from_caf(reported.get_future().get());
  is_failure wanted{errc::python_exception, "builtins.LookupError",
                    "no model 7"};
  CHECK(matches(why, wanted));
  CHECK(why.traceback.find("in __init__") != std::string::npos);
  CHECK(matches(from_caf(world.await_exit(doomed)), wanted));
  CHECK(fails(world.call(doomed, "anything"), {errc::actor_dead}));
  CHECK(world.await_environments(0));
  CHECK_FALSE(world.hear(std::chrono::milliseconds{0}));
}

TEST_CASE("an __init__ that raises StartIgnored ends its actor normally",
          "[fatal_code]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  for (std::string raised : {"pyactor.StartIgnored", "NoModel('none yet')"}) {
    std::promise<caf::error> reported;
    auto idle = world.spawn(
      "import pyactor\n"
      "class NoModel(pyactor.StartIgnored): pass\n"
      "class Main(pyactor.Actor):\n"
      "    def __init__(self):\n"
      "        raise "
        + raised,
      {}, {}, [&](const caf::error& outcome) { reported.set_value(outcome); });
    CHECK(is_error(reported.get_future().get(), errc::start_ignored));
    CHECK_FALSE(world.await_exit(idle));
    CHECK(fails(world.call(idle, "anything"), {errc::actor_dead}));
  }
  CHECK(world.await_environments(0));
}

TEST_CASE("an __init__ that fails because of a StartIgnored has failed",
          "[fatal_code]") {
  runtime_world world;
  std::promise<caf::error> reported;
  auto doomed = world.spawn(
    "import pyactor\n"
    "class Main(pyactor.Actor):\n"
    "    def __init__(self):\n"
    "        raise OSError('disk') from pyactor.StartIgnored()\n",
    {}, {}, [&](const caf::error& outcome) { reported.set_value(outcome); });
  CHECK(is_error(reported.get_future().get(), errc::python_exception));
  CHECK(is_error(world.await_exit(doomed), errc::python_exception));
}

} // namespace fatal_code_test
