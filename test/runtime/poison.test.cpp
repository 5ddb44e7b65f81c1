#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace poison_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// Says where it lives, and counts, in a module that all of its interpreter
/// share.
constexpr auto tenant = R"(
import pyactor, sys

class Main(pyactor.Actor):
    keep_alive_on = (RuntimeError, TypeError)

    def __init__(self):
        self.count = 0

    def increment(self):
        self.count += 1
        return self.count

    def mark(self):
        sys.marked = True

    def is_marked(self):
        return hasattr(sys, "marked")

    def poison(self, reason="a test says so"):
        pyactor.poison(reason)

    def end(self):
        raise SystemExit
)";

/// Ends with an error of that type in its cleanup.
std::string leaving_with(const std::string& error) {
  return "import pyactor\n"
         "class Main(pyactor.Actor):\n"
         "    def end(self):\n"
         "        raise SystemExit\n"
         "    def on_exit(self, reason):\n"
         "        raise "
         + error + "\n";
}

/// Skips the test where there are no own-GIL contexts.
runtime_options own_gil_pool(size_t size = 1) {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  auto result = one_pool(interpreter_kind::own_gil, size);
  result.log_level = "off"; // it warns of each
  return result;
}

std::shared_ptr<context> home_of(const caf::actor& who) {
  return pinned_base::behind(caf::actor_cast<caf::strong_actor_ptr>(who))
    ->home()
    .shared_from_this();
}

/// @returns whether the context's thread has ended in time
bool ends(const context& what) {
  return what.await_end(context::clock::now() + patience);
}

} // namespace

TEST_CASE("once an interpreter is poisoned, new actors live in a fresh one and "
          "the others go on",
          "[poison]") {
  runtime_world world{own_gil_pool()};
  auto old = world.spawn(tenant);
  REQUIRE(world.call(old, "mark"));
  CHECK(world.call(old, "increment") == 1);
  REQUIRE(world.call(old, "poison"));
  auto fresh = world.spawn(tenant);
  CHECK(world.call(fresh, "is_marked") == false);
  CHECK(world.call(old, "is_marked") == true);
  CHECK(world.call(old, "increment") == 2);
  CHECK(home_of(fresh) != home_of(old));
  CHECK(home_of(fresh)->name() == home_of(old)->name());
  CHECK(world.python().contexts_poisoned() == 1);
}

TEST_CASE("a poisoned interpreter ends with the last of its actors, and not "
          "before",
          "[poison]") {
  runtime_world world{own_gil_pool()};
  auto first = world.spawn(tenant);
  auto second = world.spawn(tenant);
  auto home = home_of(first);
  REQUIRE(home == home_of(second));
  REQUIRE(world.call(first, "poison"));
  CHECK(world.python().stats().size() == 2);
  static_cast<void>(world.call(first, "end"));
  world.await_exit(first);
  CHECK(world.call(second, "increment") == 1);
  CHECK_FALSE(home->is_stopping());
  static_cast<void>(world.call(second, "end"));
  world.await_exit(second);
  CHECK(ends(*home));
  CHECK(world.python().stats().size() == 1);
}

TEST_CASE("an ordinary actor keeps its environment in a poisoned interpreter "
          "until it ends",
          "[poison]") {
  runtime_world world{own_gil_pool()};
  std::shared_ptr<context> home;
  {
    caf::scoped_actor owner{world.system()};
    auto server = [&] { return world.python().context_of(*owner); };
    home = home_of(server());
    REQUIRE(outcome<value>(*owner.operator->(), server(), exec{"x = 1"}));
    auto poisoned = home->poison("a test says so");
    REQUIRE(poisoned.get());
    CHECK(outcome<value>(*owner.operator->(), server(), eval{"x"}) == 1);
    CHECK(home_of(server()) == home);
    // Whoever comes new is led to the other one.
    caf::scoped_actor other{world.system()};
    CHECK(home_of(world.python().context_of(*other)) != home);
    CHECK_FALSE(home->is_stopping());
  }
  CHECK(ends(*home));
}

TEST_CASE("an interpreter that nobody uses ends as soon as it is poisoned",
          "[poison]") {
  runtime_world world{own_gil_pool()};
  auto home = home_of(world.server());
  REQUIRE(home->poison("a test says so").get());
  CHECK(ends(*home));
  CHECK(world.call(world.spawn(tenant), "increment") == 1);
}

TEST_CASE("an interpreter is replaced once, however often it is poisoned",
          "[poison]") {
  runtime_world world{own_gil_pool(2)};
  auto who = world.spawn(tenant, {}, {.index = 1});
  auto home = home_of(who);
  std::vector<std::shared_future<expected<void>>> outcomes;
  for (int i = 0; i < 5; ++i)
    outcomes.push_back(home->poison("a test says so"));
  REQUIRE(world.call(who, "poison"));
  for (auto& each : outcomes)
    CHECK(each.get());
  CHECK(world.python().contexts_poisoned() == 1);
  CHECK(world.python().stats().size() == 3);
  CHECK(home_of(world.spawn(tenant, {}, {.index = 0}))->name() == "default/0");
  CHECK(home_of(world.spawn(tenant, {}, {.index = 1}))->name() == "default/1");
}

TEST_CASE("the interpreter that main contexts share cannot be poisoned, and an "
          "actor that tries is told so",
          "[poison]") {
  runtime_world world{one_pool(interpreter_kind::main)};
  auto who = world.spawn(tenant);
  CHECK(fails(
    world.call(who, "poison"),
    {errc::python_exception, "builtins.RuntimeError", "is of kind main"}));
  CHECK(fails(home_of(who)->poison("a test says so").get(),
              {errc::unsupported, "", "use a pool of kind own_gil"}));
  CHECK(world.call(who, "increment") == 1);
  CHECK(world.python().contexts_poisoned() == 0);
}

TEST_CASE("poison takes a text and an actor's own thread", "[poison]") {
  runtime_world world{one_pool(interpreter_kind::main)};
  auto who = world.spawn(tenant);
  CHECK(fails(world.call(who, "poison", 1),
              {errc::python_exception, "builtins.TypeError", "a reason"}));
  auto elsewhere = world.spawn(R"(
import pyactor, threading

class Main(pyactor.Actor):
    def try_elsewhere(self):
        told = []
        def body():
            try:
                pyactor.poison("from a thread")
            except RuntimeError as error:
                told.append(str(error))
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        return told[0]
)");
  auto told = world.call(elsewhere, "try_elsewhere");
  REQUIRE(told);
  CHECK(told->as_str()->find("no actor runs on this thread")
        != std::string::npos);
}

TEST_CASE("an actor whose cleanup runs out of memory, or finds the interpreter "
          "broken, poisons it",
          "[poison]") {
  runtime_world world{own_gil_pool()};
  for (std::string each : {"MemoryError", "SystemError"}) {
    auto who = world.spawn(leaving_with(each));
    auto home = home_of(who);
    static_cast<void>(world.call(who, "end"));
    CHECK(ends(*home));
    CHECK(home_of(world.spawn(tenant)) != home);
  }
  CHECK(world.python().contexts_poisoned() == 2);
}

TEST_CASE("an actor whose cleanup fails for a reason of its own poisons "
          "nothing",
          "[poison]") {
  runtime_world world{own_gil_pool()};
  auto who = world.spawn(leaving_with("ValueError"));
  static_cast<void>(world.call(who, "end"));
  world.await_exit(who);
  CHECK(world.call(world.spawn(tenant), "increment") == 1);
  CHECK(world.python().contexts_poisoned() == 0);
}

TEST_CASE("a runtime stops in order while poisoned interpreters still have "
          "actors",
          "[poison]") {
  runtime_world world{own_gil_pool()};
  std::vector<caf::actor> tenants;
  for (int i = 0; i < 3; ++i) {
    tenants.push_back(world.spawn(tenant));
    REQUIRE(world.call(tenants.back(), "poison"));
  }
  auto last = home_of(world.server());
  CHECK(world.python().stats().size() == 4);
  CHECK(world.python().stop(patience).complete());
  for (auto& each : tenants)
    CHECK(ends(*home_of(each)));
  CHECK(fails(last->poison("too late").get(), {errc::interpreter_lost}));
}

TEST_CASE("each request has one outcome while interpreters are poisoned again "
          "and again, and none of them stays",
          "[poison]") {
  runtime_world world{own_gil_pool(2)};
  auto tenant_class = actor_class::from_source(tenant, "Main");
  std::atomic<int> poisonings = 10;
  auto live_and_die = [&](int& right, int& wrong) {
    caf::scoped_actor self{world.system()};
    while (poisonings > 0) {
      auto who = world.python().spawn_python(tenant_class);
      auto told = outcome<value>(*self.operator->(), who, call{"increment"});
      // The interpreter may end between the choice of it and the spawn.
      auto good = told ? *told == 1
                       : told.error().code == errc::interpreter_lost
                           || told.error().code == errc::actor_dead;
      ++(good ? right : wrong);
    }
    wrong += self->has_next_message();
  };
  std::array<int, 3> right{};
  std::array<int, 3> wrong{};
  {
    std::vector<std::jthread> clients;
    for (size_t i = 0; i < right.size(); ++i)
      clients.emplace_back([&, i] { live_and_die(right.at(i), wrong.at(i)); });
    for (; poisonings > 0; --poisonings) {
      auto index = static_cast<size_t>(poisonings) % 2;
      auto& home = world.python().context_at({.index = index});
      CHECK(home.poison("a test says so").get());
    }
  }
  for (size_t i = 0; i < right.size(); ++i) {
    CHECK(right.at(i) > 0);
    CHECK(wrong.at(i) == 0);
  }
  CHECK(world.python().contexts_poisoned() == 10);
  CHECK(world.eventually([&] { return world.python().stats().size() == 2; }));
  CHECK(world.await_environments(0, 0));
  CHECK(world.await_environments(0, 1));
}

} // namespace poison_test
