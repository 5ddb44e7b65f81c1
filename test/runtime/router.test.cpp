#include <pyactor/runtime/router.hpp>

#include <pyactor/test/support/module_folder.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <array>
#include <map>
#include <set>

namespace router_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

using policy = routing_policy;

struct pick_case {
  policy rule;
  std::optional<size_t> scheduler;
  size_t turn;
  std::vector<size_t> loads;
  size_t wanted;
};

std::vector<pick_case> pick_cases() {
  return {
    {policy::scheduler_id, 0, 5, {9, 9}, 0},
    {policy::scheduler_id, 1, 5, {9, 9}, 1},
    {policy::scheduler_id, 2, 5, {9, 9}, 0},
    {policy::scheduler_id, 7, 5, {9, 9, 9}, 1},
    {policy::scheduler_id, 3, 0, {9}, 0},
    {policy::scheduler_id, {}, 0, {9, 0}, 0},
    {policy::scheduler_id, {}, 3, {9, 0}, 1},
    {policy::round_robin, 1, 0, {9, 0, 0}, 0},
    {policy::round_robin, 1, 4, {9, 0, 0}, 1},
    {policy::round_robin, {}, 5, {9, 0, 0}, 2},
    {policy::least_loaded, 0, 0, {3, 1, 2}, 1},
    {policy::least_loaded, 0, 1, {0, 1, 2}, 0},
    // Of equals the first.
    {policy::least_loaded, 1, 1, {2, 1, 1}, 1},
    {policy::least_loaded, {}, 0, {4}, 0},
  };
}

runtime_options two(policy rule) {
  auto result = one_pool(interpreter_kind::main, 2);
  result.pools["default"].policy = rule;
  return result;
}

/// Answers with the id of its CAF worker and the name of its context.
struct where_am_i {
  int64_t worker = -1;
  std::string context;
};

struct where {};

/// Where a new pinned actor, and its own environment, came to live.
caf::behavior looker(caf::event_based_actor* self, runtime::runtime* python) {
  return {
    [self, python](where) {
      where_am_i result;
      if (auto id = scheduler_id(self->context()))
        result.worker = static_cast<int64_t>(*id);
      result.context = python->context_at({.from = self}).name();
      return result;
    },
  };
}

std::string place(runtime_world& world, const placement& where = {}) {
  return world.python().context_at(where).name();
}

constexpr auto empty = R"(
import pyactor

class Main(pyactor.Actor):
    def ready(self):
        pass
)";

} // namespace

} // namespace router_test

PYACTOR_LOCAL_MESSAGE(router_test::where_am_i)
PYACTOR_LOCAL_MESSAGE(router_test::where)

namespace router_test {

TEST_CASE("a policy picks as its name says", "[router]") {
  auto one = GENERATE(from_range(pick_cases()));
  CAPTURE(to_string(one.rule), one.scheduler.value_or(99), one.turn);
  CHECK(pick(one.rule, one.scheduler, one.turn, one.loads) == one.wanted);
}

TEST_CASE("each policy's name is its own", "[router]") {
  for (auto rule :
       {policy::scheduler_id, policy::round_robin, policy::least_loaded})
    CHECK(parse_routing_policy(to_string(rule)) == rule);
  CHECK_FALSE(parse_routing_policy("random"));
  CHECK_FALSE(parse_routing_policy(""));
}

TEST_CASE("an actor that is spawned on a CAF worker lives in its context",
          "[router]") {
  runtime_world world{two(policy::scheduler_id)};
  std::vector<caf::actor> lookers;
  for (int i = 0; i < 20; ++i)
    lookers.push_back(world.system().spawn(looker, &world.python()));
  std::set<int64_t> workers;
  for (int round = 0; round < 10; ++round)
    for (auto& one : lookers) {
      auto seen = world.ask<where_am_i>(one, where{});
      REQUIRE(seen);
      if (seen->worker < 0)
        continue; // run by the client's thread
      workers.insert(seen->worker);
      CHECK(seen->context == "default/" + std::to_string(seen->worker % 2));
    }
  CHECK_FALSE(workers.empty());
}

TEST_CASE("an actor that is spawned from outside counts round", "[router]") {
  runtime_world world{two(policy::scheduler_id)};
  auto first = place(world);
  auto second = place(world);
  CHECK(first != second);
  CHECK(place(world) == first);
  CHECK(place(world, {.from = world.client().ptr()}) == second);
}

TEST_CASE("a pool in turn and a pool by load pick as they say", "[router]") {
  SECTION("in turn") {
    runtime_world world{two(policy::round_robin)};
    CHECK(place(world) == "default/0");
    CHECK(place(world) == "default/1");
    CHECK(place(world) == "default/0");
  }
  SECTION("by load") {
    runtime_world world{two(policy::least_loaded)};
    std::vector<caf::actor> actors;
    for (int i = 0; i < 3; ++i)
      actors.push_back(world.spawn(empty, {}, {.index = 0}));
    for (auto& one : actors)
      REQUIRE(world.call(one, "ready"));
    CHECK(place(world) == "default/1");
    // One that is more loaded than the other is not picked, whoever asks.
    for (int i = 0; i < 8; ++i) {
      actors.push_back(world.spawn(empty, {}, {.index = 1}));
      REQUIRE(world.call(actors.back(), "ready"));
    }
    CHECK(place(world) == "default/0");
  }
  SECTION("as told") {
    runtime_world world{two(policy::least_loaded)};
    for (int i = 0; i < 3; ++i)
      CHECK(place(world, {.index = 1}) == "default/1");
    auto first = place(world, {.policy = policy::round_robin});
    CHECK(place(world, {.policy = policy::round_robin}) != first);
  }
}

TEST_CASE("an ordinary actor keeps its context for life", "[router]") {
  runtime_world world{two(policy::round_robin)};
  auto* me = world.client().ptr();
  auto mine = world.python().context_of(*me);
  for (int i = 0; i < 5; ++i) {
    static_cast<void>(place(world)); // others move on
    CHECK(world.python().context_of(*me) == mine);
  }
  CHECK(world.python().context_of(*me, {.index = 0}) == world.server(0));
  CHECK(world.python().context_of(*me, {.index = 1}) == world.server(1));
  CHECK(world.python().context_of(*me) == mine);
}

TEST_CASE("actors that Python code spawns count round", "[router]") {
  module_folder folder;
  folder.add("spawned", "import pyactor, threading\n"
                        "class Main(pyactor.Actor):\n"
                        "    def where(self):\n"
                        "        pyactor.send('test', 'here',\n"
                        "                     threading.get_native_id())\n");
  auto options = two(policy::scheduler_id);
  options.python.search_paths = {folder.path()};
  runtime_world world{options};
  auto code = exec{"import pyactor\n"
                   "kept = [pyactor.spawn('spawned:Main') for i in range(4)]\n"
                   "for x in kept: pyactor.send(x, 'where')\n"};
  REQUIRE(world.ask(world.server(), code));
  std::map<int64_t, int> threads;
  for (int i = 0; i < 4; ++i) {
    auto here = world.hear();
    REQUIRE(here);
    ++threads[*here->args.positional.at(0).as_int64()];
  }
  CHECK(threads.size() == 2);
  for (auto& [id, count] : threads)
    CHECK(count == 2);
}

} // namespace router_test
