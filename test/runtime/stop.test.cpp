#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace stop_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

constexpr auto counter = R"(
import pyactor

class Main(pyactor.Actor):
    def __init__(self):
        self.count = 0

    def increment(self):
        self.count += 1
        return self.count

    def on_exit(self, reason):
        pyactor.send("test", "left")
)";

/// Is told to end, and does not.
caf::behavior stubborn(python_actor* self) {
  self->set_exit_handler([](caf::exit_msg&) {});
  return {
    [self](const eval& request) {
      return self->python().eval(request.expression);
    },
  };
}

/// Answers questions, for as long as there is an actor system.
caf::behavior plus_one(caf::event_based_actor*) {
  return {
    [](int64_t x) { return x + 1; },
  };
}

/// @returns what `action` throws
template <class F>
error thrown_by(F action) {
  try {
    action();
  } catch (const python_error& e) {
    return e.info();
  }
  return {errc::timed_out, "it did not throw"};
}

} // namespace

TEST_CASE("a stop ends every actor in order, and leaves nothing", "[stop]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind, 2)};
  std::vector<caf::actor> actors;
  for (size_t i = 0; i < 10; ++i)
    actors.push_back(world.spawn(counter, {}, {.index = i % 2}));
  for (auto& actor : actors)
    REQUIRE(world.call(actor, "increment") == 1);
  auto report = world.python().stop(patience);
  CHECK(report.complete());
  for (auto& actor : actors) {
    auto left = world.hear(0ms);
    REQUIRE(left);
    CHECK(left->function == "left");
    CHECK(world.await_exit(actor) == caf::exit_reason::user_shutdown);
  }
  for (size_t index : {0, 1}) {
    CHECK(world.stats(index).live_actors == 0);
    CHECK(world.stats(index).live_environments == 0);
    CHECK(world.stats(index).queue_length == 0);
  }
}

TEST_CASE("a runtime may be stopped again and again", "[stop]") {
  runtime_world world;
  REQUIRE(world.ask(world.server(), eval{"1"}));
  CHECK(world.python().stop(patience).complete());
  CHECK(world.python().stop(patience).complete());
  world.drop_runtime();
}

TEST_CASE("many threads may stop a runtime at once", "[stop]") {
  runtime_world world{one_pool(kinds().back(), 2)};
  std::atomic<int> complete = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back(
        [&] { complete += world.python().stop(patience).complete(); });
  }
  CHECK(complete == 4);
}

TEST_CASE("whoever needs Python after a stop is told so", "[stop]") {
  runtime_world world;
  caf::scoped_actor known{world.system()};
  REQUIRE(outcome<value>(*known.operator->(),
                         world.python().context_of(*known.operator->()),
                         eval{"1"}));
  world.python().stop(patience);
  is_failure stopped{errc::interpreter_lost, "", "has been stopped"};
  auto& python = world.python();
  CHECK(matches(thrown_by([&] { world.spawn(counter); }), stopped));
  CHECK(
    matches(thrown_by([&] { python.spawn_function({}, stubborn); }), stopped));
  CHECK(matches(thrown_by([&] { python.context_of(*known.operator->()); }),
                stopped));
  CHECK(
    matches(thrown_by([&] { static_cast<void>(world.server()); }), stopped));
}

TEST_CASE("requests to what was pinned get errors when the runtime is gone",
          "[stop]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto used = world.spawn(counter);
  auto unused = world.spawn(counter);
  auto server = world.server();
  REQUIRE(world.call(used, "increment") == 1);
  world.drop_runtime();
  CHECK(fails(world.call(used, "increment"), {errc::actor_dead}));
  CHECK(fails(world.call(unused, "increment"), {errc::actor_dead}));
  CHECK(fails(world.ask(server, eval{"1"}), {errc::actor_dead}));
  std::jthread{[&] { used = unused = server = nullptr; }}.join();
  CHECK_FALSE(used);
}

TEST_CASE("actors that are not pinned stay usable when the runtime is gone",
          "[stop]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto mine = world.system().spawn(plus_one);
  // It last ran on a context's thread.
  auto asking = world.python().spawn_function({}, [mine](python_actor* self) {
    return caf::behavior{
      [self, mine](int64_t x) { return self->delegate(mine, x); }};
  });
  REQUIRE(world.ask<int64_t>(asking, int64_t{1}) == 2);
  world.drop_runtime();
  for (int64_t i = 0; i < 100; ++i)
    REQUIRE(world.ask<int64_t>(mine, i) == i + 1);
  CHECK(fails(world.ask<int64_t>(asking, int64_t{1}), {errc::actor_dead}));
}

TEST_CASE("a promise of an actor that a context ran may be kept when the "
          "runtime is gone",
          "[stop]") {
  runtime_world world;
  auto note = caf::actor{world.client()};
  auto kept = std::make_shared<caf::response_promise>();
  auto guest = world.system().spawn([=](caf::event_based_actor* self) {
    return caf::behavior{
      [=](const eval&) {
        *kept = self->make_response_promise();
        self->send(note, call{"kept", {}});
        return *kept;
      },
      [=](int64_t) { self->send(note, call{"woken", {}}); },
    };
  });
  // Waits, so that whoever answers it wakes it.
  auto asking = world.system().spawn([=](caf::event_based_actor* self) {
    self->request(guest, caf::infinite, eval{""}).then([=](const value&) {
      self->send(note, call{"answered", {}});
    });
    return caf::behavior{[](int64_t) {}};
  });
  REQUIRE(world.hear());
  auto waker = world.python().spawn_function({}, [=](python_actor* self) {
    return caf::behavior{[=](int64_t n) { self->send(guest, n); }};
  });
  caf::anon_send(waker, int64_t{1});
  REQUIRE(world.hear());
  waker = nullptr;
  world.drop_runtime();
  kept->deliver(value{1});
  auto answered = world.hear();
  REQUIRE(answered);
  CHECK(answered->function == "answered");
}

TEST_CASE("an actor that traps exits is killed at half the deadline",
          "[stop]") {
  using clock = std::chrono::steady_clock;
  runtime_world world;
  auto actor = world.python().spawn_function({}, stubborn);
  REQUIRE(world.ask(actor, eval{"1"}));
  auto start = clock::now();
  auto report = world.python().stop(2s);
  auto took = clock::now() - start;
  CHECK(report.complete());
  CHECK(took >= 1s);
  CHECK(took < 2s);
  CHECK(world.await_exit(actor) == caf::exit_reason::kill);
}

TEST_CASE("an actor that awaits a response is killed at half the deadline",
          "[stop]") {
  runtime_world world;
  auto silent = world.system().spawn(
    [to = caf::actor{world.client()}](caf::event_based_actor* self) {
      return caf::behavior{[=](int64_t) {
        self->send(to, call{"asked", {}});
        return self->make_response_promise<int64_t>();
      }};
    });
  auto awaiting = world.python().spawn_function({}, [=](python_actor* self) {
    return caf::behavior{[=](int64_t n) {
      auto kept = std::make_shared<promise<int64_t>>();
      *kept = self->make_promise<int64_t>();
      self->request(silent, caf::infinite, n).await([kept](int64_t answer) {
        kept->deliver(answer);
      });
      return kept->later();
    }};
  });
  auto pending = world.client()->request(awaiting, patience, int64_t{1});
  REQUIRE(world.hear());
  CHECK(world.python().stop(2s).complete());
  error why;
  pending.receive([](int64_t) {},
                  [&](caf::error& what) { why = from_caf(what); });
  CHECK(why.code == errc::actor_dead);
}

TEST_CASE("each request that is queued at a stop has exactly one outcome",
          "[stop]") {
  constexpr int requests = 500;
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto actor = world.spawn(counter);
  REQUIRE(world.call(actor, "increment") == 1);
  int outcomes = 0;
  {
    busy_context busy{world};
    auto asking = world.system().spawn(
      [&, actor, server = world.server()](caf::event_based_actor* self) {
        auto done = [&outcomes, self, left = std::make_shared<int>(requests)] {
          ++outcomes;
          if (--*left == 0)
            self->quit();
        };
        auto answered = [done](value&) { done(); };
        auto failed = [done](caf::error&) { done(); };
        for (int i = 0; i < requests; ++i)
          if (i % 2)
            self->request(actor, caf::infinite, world.make_call("increment"))
              .then(answered, failed);
          else
            self->request(server, caf::infinite, eval{"1"})
              .then(answered, failed);
      });
    auto complete = std::async(std::launch::async, [&] {
      return world.python().stop(patience).complete();
    });
    busy.open();
    CHECK_FALSE(world.await_exit(asking));
    CHECK(complete.get());
  }
  CHECK(outcomes == requests);
}

TEST_CASE("what is spawned while the runtime stops ends too", "[stop]") {
  runtime_world world{one_pool(kinds().back(), 2)};
  std::atomic<int> spawned = 0;
  std::vector<std::vector<caf::actor>> actors(3);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : actors)
      threads.emplace_back([&] {
        try {
          for (;; ++spawned)
            mine.push_back(world.spawn(counter));
        } catch (const python_error&) {
        }
      });
    CHECK(world.eventually([&] { return spawned > 30; }));
    CHECK(world.python().stop(patience).complete());
  }
  for (auto& mine : actors)
    for (auto& actor : mine)
      REQUIRE(fails(world.call(actor, "increment"), {errc::actor_dead}));
}

TEST_CASE("a stop waits for Python threads that end in time", "[stop]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  gate gate;
  REQUIRE(world.ask(world.server(),
                    exec{"import atexit, os, pyactor, threading\n"
                         "threading.Thread(target=os.read, args=("
                         + std::to_string(gate.fd())
                         + ", 1)).start()\n"
                           "atexit.register(pyactor.send, 'test', 'last')\n"}));
  auto complete = std::async(std::launch::async, [&] {
    return world.python().stop(patience).complete();
  });
  // Its environments go first.
  CHECK(world.await_environments(0));
  CHECK_FALSE(world.hear(0ms));
  gate.open();
  CHECK(complete.get());
  auto last = world.hear(0ms);
  REQUIRE(last);
  CHECK(last->function == "last");
}

} // namespace stop_test
