#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <fstream>
#include <map>

#include <unistd.h>

namespace release_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

using clock = std::chrono::steady_clock;

constexpr int actors = 300;

/// Holds 1 MB in one of three ways, and tells "test" when that is gone: what,
/// by whom, in which thread and interpreter.
constexpr auto holder = R"(
import pyactor, sys, threading, weakref
try:
    import _interpreters
    interpreter = _interpreters.get_current()[0]
except ImportError:
    interpreter = 0

def here():
    return [threading.get_native_id(), interpreter]

def note(what, number):
    pyactor.send("test", what, number, *here())

class Block:
    def __init__(self, number):
        self.number = number
        self.memory = bytearray(b"x") * (1 << 20)

class Noisy(Block):
    def __del__(self):
        note("deleted", self.number)

class Main(pyactor.Actor):
    def __init__(self, number):
        if number % 3 == 0:
            globals()["block"] = Noisy(number)
        elif number % 3 == 1:
            self.block = Block(number)
            globals()["watch"] = weakref.ref(
                self.block, lambda _: note("collected", number))
        else:
            self.block = Noisy(number)
            self.block.cycle = self.block

    def where(self):
        return here()
)";

size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

constexpr size_t mb = 1 << 20;

/// @returns where their context's Python runs
value fill(runtime_world& world, std::vector<caf::actor>& all) {
  value where;
  for (int i = 0; i < actors; ++i)
    all.push_back(world.spawn(holder, {.positional = {i}}));
  for (auto& actor : all) {
    auto here = world.call(actor, "where");
    REQUIRE(here);
    where = *here;
  }
  return where;
}

/// Ends actors in one of three ways.
void end(std::vector<caf::actor>& all, int how) {
  if (how != 0)
    for (auto& actor : all)
      caf::anon_send_exit(actor, how == 1 ? caf::exit_reason::user_shutdown
                                          : caf::exit_reason::kill);
  all.clear();
}

/// Awaits that everything held was released where it lived.
void expect_releases(runtime_world& world, const value& where,
                     clock::time_point deadline) {
  std::map<std::string, int> count;
  int elsewhere = 0;
  for (int i = 0; i < actors; ++i) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - clock::now());
    auto note = world.hear(std::max(left, 0ms));
    INFO("after " << i << " releases");
    REQUIRE(note);
    ++count[note->function];
    auto& args = note->args.positional;
    elsewhere += value::list({args.at(1), args.at(2)}) != where;
  }
  CHECK(count["deleted"] == 2 * actors / 3);
  CHECK(count["collected"] == actors / 3);
  CHECK(elsewhere == 0);
}

/// Garbage that only a collection finds; says how much of it there is.
constexpr auto ring = "class Ring:\n"
                      "    living = 0\n"
                      "    def __init__(self):\n"
                      "        self.me = self\n"
                      "        Ring.living += 1\n"
                      "    def __del__(self):\n"
                      "        Ring.living -= 1\n";

} // namespace

TEST_CASE("what dead actors held is gone within 2 s, in an idle context",
          "[release]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  std::vector<caf::actor> all;
  auto warm_up = world.spawn(holder, {.positional = {0}});
  REQUIRE(world.call(warm_up, "where"));
  for (int round = 0; round < 3; ++round) {
    auto before = resident_bytes();
    auto where = fill(world, all);
    if (!instrumented)
      REQUIRE(resident_bytes() > before + actors * mb * 9 / 10);
    auto deadline = clock::now() + 2s;
    end(all, round);
    expect_releases(world, where, deadline);
    CHECK(world.await_environments(1));
    if (!instrumented) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - clock::now());
      world.eventually([&] { return resident_bytes() < before + 4 * mb; },
                       left);
      CHECK(resident_bytes() / mb <= before / mb + 4);
    }
  }
}

TEST_CASE("what a dead owner's environment held is gone within 2 s",
          "[release]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  std::optional<caf::scoped_actor> owner{world.system()};
  auto ask = [&](auto request) {
    return outcome<value>(**owner, world.server(), std::move(request));
  };
  REQUIRE(ask(exec{holder}));
  REQUIRE(ask(exec{"plain = Noisy(1)\ncyclic = Noisy(2)\n"
                   "cyclic.cycle = cyclic\n"}));
  auto where = ask(eval{"here()"});
  REQUIRE(where);
  auto deadline = clock::now() + 2s;
  owner.reset();
  for (int i = 1; i <= 2; ++i) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - clock::now());
    auto note = world.hear(std::max(left, 0ms));
    REQUIRE(note);
    auto& args = note->args.positional;
    CHECK(args.at(0) == i);
    CHECK(value::list({args.at(1), args.at(2)}) == *where);
  }
}

TEST_CASE("what only a cycle keeps of a throw-away environment goes in time",
          "[release]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  caf::anon_send(world.server(),
                 exec{"import pyactor\n"
                      "class Node:\n"
                      "    def __del__(self, send=pyactor.send):\n"
                      "        send('test', 'collected')\n"
                      "node = Node()\n"
                      "node.itself = node\n"});
  CHECK(world.hear(2s));
}

TEST_CASE("cycles that a living actor leaves are collected while it works",
          "[release]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn(std::string{"import pyactor\n"} + ring
                           + "class Main(pyactor.Actor):\n"
                             "    def make(self, count):\n"
                             "        for _ in range(count):\n"
                             "            Ring()\n"
                             "        return Ring.living\n");
  for (int i = 0; i < 100; ++i) {
    auto living = world.call(actor, "make", 1000);
    REQUIRE(living);
    REQUIRE(*living->as_int64() < 20'000); // of up to 100 000 that were made
  }
}

TEST_CASE("cycles that have grown old are collected, too, once a living actor "
          "lets go of them",
          "[release]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor
    = world.spawn(std::string{"import gc, pyactor\n"} + ring
                  + "class Main(pyactor.Actor):\n"
                    "    def keep(self, count):\n"
                    "        self.kept = [Ring() for _ in range(count)]\n"
                    "        for generation in (0, 1, 2):\n"
                    "            gc.collect(generation)\n"
                    "        return Ring.living\n"
                    "    def let_go(self):\n"
                    "        self.kept = None\n"
                    "    def work(self):\n"
                    "        [[] for _ in range(20_000)]\n"
                    "        return Ring.living\n");
  REQUIRE(world.call(actor, "keep", 5'000) == 5'000);
  REQUIRE(world.call(actor, "let_go"));
  // Nobody asks for a collection, and no actor ends.
  CHECK(world.eventually([&] { return world.call(actor, "work") == 0; }));
}

TEST_CASE("a __del__ that raises disturbs no one", "[release]") {
  runtime_world world;
  auto actor = world.spawn("import pyactor, sys\n"
                           "sys.unraisablehook = lambda _: "
                           "pyactor.send('test', 'unraisable')\n"
                           "class Loud:\n"
                           "    def __del__(self): raise ValueError('loud')\n"
                           "class Main(pyactor.Actor):\n"
                           "    def __init__(self): self.loud = Loud()\n"
                           "    def ready(self): return True\n");
  REQUIRE(world.call(actor, "ready") == true);
  actor = nullptr;
  auto raised = world.hear();
  REQUIRE(raised);
  CHECK(raised->function == "unraisable");
  CHECK(world.await_environments(0));
  CHECK(world.ask(world.server(), eval{"6 * 7"}) == 42);
}

TEST_CASE("a context's state tells what it holds and has done", "[release]") {
  runtime_world world;
  auto before = world.stats();
  CHECK(before.name == "default/0");
  CHECK(before.kind == interpreter_kind::main);
  auto first = world.spawn(holder, {.positional = {0}});
  auto second = world.spawn(holder, {.positional = {1}});
  REQUIRE(world.call(first, "where"));
  REQUIRE(world.call(second, "where"));
  auto during = world.stats();
  CHECK(during.live_environments == before.live_environments + 2);
  CHECK(during.live_actors == before.live_actors + 2);
  CHECK(during.executed_messages >= before.executed_messages + 2);
  first = second = nullptr;
  REQUIRE(world.await_environments(before.live_environments));
  CHECK(world.stats().released_environments
        == before.released_environments + 2);
  CHECK(world.stats().live_actors == before.live_actors);
  busy_context busy{world};
  caf::anon_send(world.server(), eval{"1"});
  CHECK(world.stats().queue_length == 1);
}

} // namespace release_test
