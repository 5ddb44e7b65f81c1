#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/pinned_actor.hpp>
#include <pyactor/runtime/runtime.hpp>
#include <pyactor/runtime/spawn.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <barrier>
#include <memory>
#include <thread>
#include <vector>

namespace steps_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

struct manual_config : caf::actor_system_config {
  manual_config() {
    runtime::configure(*this);
    set("scheduler.policy", caf::atom("testing"));
  }
};

/// A context that moves only when a test says so, on the test's thread, beside
/// an actor system of which the same is true.
class manual_world {
public:
  explicit manual_world(interpreter_kind kind)
    : system(config_), python_(main_interpreter::start({}).value()) {
    context_settings settings;
    settings.name = "manual/0";
    settings.kind = kind;
    home = std::make_shared<context>(system, std::move(settings));
    value_or_throw(home->open(*python_));
  }

  ~manual_world() {
    home->request_stop(context::clock::time_point::max());
    run();
    home->close();
  }

  [[nodiscard]] caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }

  /// Spawns a pinned actor that starts before this returns.
  template <class F>
  caf::actor spawn(F fun) {
    caf::actor result = spawn_function_on(*home, fun);
    run();
    return result;
  }

  /// Steps the context and runs the system until nothing is left to do.
  void run() {
    while (home->step() || scheduler().try_run_once()) {
    }
  }

private:
  manual_config config_;

public:
  caf::actor_system system;

private:
  std::unique_ptr<main_interpreter> python_;

public:
  std::shared_ptr<context> home;
};

manual_world make_world() {
  return manual_world{GENERATE(from_range(kinds()))};
}

} // namespace

TEST_CASE("a message is handled by a step, and by nothing else", "[steps]") {
  auto w = make_world();
  std::vector<int> seen;
  auto actor = w.spawn([&](python_actor*) {
    return caf::behavior{[&](int n) { seen.push_back(n); }};
  });
  CHECK_FALSE(w.home->step());
  caf::anon_send(actor, 1);
  CHECK_FALSE(w.scheduler().has_job());
  CHECK(seen.empty());
  CHECK(w.home->stats().queue_length == 1);
  CHECK(w.home->step());
  CHECK(seen == std::vector{1});
  CHECK_FALSE(w.home->step());
}

TEST_CASE("a step is one actor's slice of at most 64 messages", "[steps]") {
  auto w = make_world();
  std::vector<char> seen;
  auto record = [&](char name) {
    return [&seen, name](python_actor*) {
      return caf::behavior{[&seen, name](int) { seen.push_back(name); }};
    };
  };
  auto first = w.spawn(record('a'));
  auto second = w.spawn(record('b'));
  for (int i = 0; i < 100; ++i)
    caf::anon_send(first, i);
  caf::anon_send(second, 0);
  CHECK(w.home->step());
  CHECK(seen.size() <= 64);
  CHECK(std::ranges::count(seen, 'a') == std::ssize(seen));
  CHECK(w.home->step());
  CHECK(seen.back() == 'b');
  w.run();
  CHECK(std::ranges::count(seen, 'a') == 100);
  CHECK(std::ranges::count(seen, 'b') == 1);
}

TEST_CASE("an actor of CAF's that a pinned one wakes has the next step",
          "[steps]") {
  auto w = make_world();
  std::vector<std::string> seen;
  auto guest = w.system.spawn([&](caf::event_based_actor*) {
    return caf::behavior{[&](int) { seen.emplace_back("guest"); }};
  });
  w.run();
  auto resident = [&](python_actor* self) {
    return caf::behavior{[&seen, self, guest](int n) {
      seen.emplace_back("resident");
      self->send(guest, n);
    }};
  };
  auto first = w.spawn(resident);
  auto second = w.spawn(resident);
  caf::anon_send(first, 1);
  caf::anon_send(second, 1);
  for (int i = 0; i < 4; ++i)
    CHECK(w.home->step());
  CHECK(seen
        == std::vector<std::string>{"resident", "guest", "resident", "guest"});
  CHECK_FALSE(w.home->step());
  CHECK_FALSE(w.scheduler().has_job());
}

TEST_CASE("a delayed message comes when the clock of the system says so",
          "[steps]") {
  auto w = make_world();
  int seen = 0;
  auto actor = w.spawn([&](python_actor* self) {
    self->delayed_send(self, 10s, 1);
    return caf::behavior{[&](int n) { seen += n; }};
  });
  w.scheduler().advance_time(10s - 1ns);
  CHECK_FALSE(w.home->step());
  w.scheduler().advance_time(1ns);
  CHECK(w.home->step());
  CHECK(seen == 1);
}

TEST_CASE("no timeout outlives the actor that has set it", "[steps]") {
  auto w = make_world();
  auto idle = [](python_actor* self) {
    return caf::behavior{[self](int) { self->quit(); },
                         caf::after(10s) >> [] {}};
  };
  auto asking = [](python_actor* self) {
    self
      ->request(self->spawn([](caf::event_based_actor*) {
        return caf::behavior{[](double) {}};
      }),
                10s, 1.0)
      .then([] {}, [](const caf::error&) {});
    return caf::behavior{[self](int) { self->quit(); }};
  };
  auto actor = GENERATE(0, 1) == 0 ? w.spawn(idle) : w.spawn(asking);
  auto& timeouts = w.scheduler().clock().schedule();
  REQUIRE(timeouts.size() == 1);
  caf::anon_send(actor, 1);
  CHECK(w.home->step());
  CHECK(timeouts.empty());
}

TEST_CASE("an environment goes in the slice in which its actor ends",
          "[steps]") {
  auto w = make_world();
  auto actor = w.spawn([](python_actor* self) {
    return caf::behavior{[self](int) {
      self->python().exec("x = 1");
      self->quit();
    }};
  });
  CHECK(w.home->stats().live_environments == 0);
  caf::anon_send(actor, 1);
  CHECK(w.home->step());
  CHECK(w.home->stats().live_environments == 0);
  CHECK(w.home->stats().released_environments == 1);
}

TEST_CASE("an environment whose actor lost its last handle goes in the next "
          "step",
          "[steps]") {
  auto w = make_world();
  auto actor = w.spawn([](python_actor* self) {
    return caf::behavior{[self](int) { self->python().exec("x = 1"); }};
  });
  caf::anon_send(actor, 1);
  w.run();
  CHECK(w.home->stats().live_environments == 1);
  std::thread{[&] { actor = nullptr; }}.join();
  CHECK(w.home->stats().live_environments == 1);
  CHECK(w.home->step());
  CHECK(w.home->stats().live_environments == 0);
}

TEST_CASE("two threads that end one actor at once answer its requests once",
          "[steps]") {
  constexpr int rounds = 300;
  constexpr int requests = 8;
  auto w = make_world();
  caf::scoped_actor client{w.system};
  int failed = 0;
  for (int round = 0; round < rounds; ++round) {
    auto kept = std::make_shared<std::vector<promise<int>>>();
    auto actor = w.spawn([kept](python_actor* self) {
      return caf::behavior{[self, kept](int) {
        self->python().exec("x = 1");
        kept->push_back(self->make_promise<int>());
        return kept->back().later();
      }};
    });
    std::vector<decltype(client->request(actor, patience, 1))> pending;
    for (int i = 0; i < requests; ++i)
      pending.push_back(client->request(actor, patience, i));
    w.run();
    auto* victim
      = pinned_base::behind(caf::actor_cast<caf::strong_actor_ptr>(actor));
    std::barrier together{2};
    auto end = [&] {
      together.arrive_and_wait();
      victim->abandon(to_caf(error{errc::interpreter_lost, "given up"}));
    };
    {
      std::jthread one{end};
      std::jthread other{end};
    }
    for (auto& one : pending)
      one.receive([](int) {},
                  [&](caf::error& why) {
                    failed += from_caf(why).code == errc::interpreter_lost;
                  });
    w.run();
  }
  CHECK(failed == rounds * requests);
  CHECK(w.home->stats().live_environments == 0);
  CHECK(w.home->stats().released_environments == rounds);
}

} // namespace steps_test
