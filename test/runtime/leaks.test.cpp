#include <pyactor/test/leaks/ledger.hpp>
#include <pyactor/test/support/on_context.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

namespace leaks_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using Catch::Generators::from_range;

#define TEST(what) TEST_CASE(what, "[leaks]")

namespace {

constexpr auto counter = R"(
import pyactor, sys
class Main(pyactor.Actor):
    def __init__(self): self.x = [0]
    def add(self, n):
        self.x[0] += n
        return self.x[0]
    def fail(self): raise ValueError(self.x)
    def stay(self): sys.stays = self
)";

/// What a service does again and again: actors answer, fail, are stopped; an
/// ordinary actor has an environment for a while.
void work_once(runtime_world& world) {
  auto stopped = world.spawn(counter);
  auto failed = world.spawn(counter);
  CHECK(world.call(stopped, "add", 2) == 2);
  CHECK_FALSE(world.call(failed, "fail"));
  caf::anon_send_exit(stopped, caf::exit_reason::user_shutdown);
  world.await_exit(stopped);
  caf::scoped_actor owner{world.system()};
  CHECK(outcome<value>(*owner.operator->(), world.server(),
                       exec{"x = [1, 2]\nx.append(x)"}));
}

} // namespace

TEST("an actor that leaks is found, with its class") {
  need_ledger();
  auto kind = GENERATE(from_range(kinds()));
  {
    runtime_world world{one_pool(kind)};
    auto actor = world.spawn(counter);
    REQUIRE(world.call(actor, "stay"));
    auto leaked = on_context(world.python(), {}, [](python_actor* self) {
      auto stays = "__import__('sys').__dict__.pop('stays')";
      return self->python().eval<object_ref>(stays).release() != nullptr;
    });
    REQUIRE(leaked);
  }
  std::map<std::string, size_t> tracked;
  for (auto& each : take_leaks())
    tracked.merge(each.tracked);
  CHECK(tracked["Main"] == 1);
}

TEST("actors and environments that have ended hold nothing in an interpreter") {
  need_ledger();
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto hold = [&] {
    REQUIRE(world.await_environments(0));
    return on_context(world.python(), {}, [](python_actor* self) {
      return count_holdings(self->python().attached());
    });
  };
  // Caches are warm after the second time.
  for (auto i = 0; i < 2; ++i) {
    work_once(world);
    hold();
  }
  auto before = hold();
  for (auto i = 0; i < 20; ++i)
    work_once(world);
  auto after = hold();
  CHECK(after.objects == before.objects);
  CHECK(after.blocks == before.blocks);
  CHECK(after.references == before.references);
}

} // namespace leaks_test
