#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

namespace death_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// Runs any code inside a method, and counts.
constexpr auto runner = R"(
import os, pyactor

class Main(pyactor.Actor):
    def __init__(self):
        self.count = 0

    def run(self, code):
        exec(code, globals())

    def increment(self):
        self.count += 1
        return self.count

    def wait(self, fd):
        pyactor.send("test", "waiting")
        os.read(fd, 1)
        return "done"
)";

/// An ordinary actor that passes requests on to its context, waiting for each
/// answer, and answers with it.
caf::behavior owner(caf::event_based_actor* self, caf::actor server) {
  return {
    [self, server](const eval& request) {
      auto answer = self->make_response_promise();
      self->request(server, caf::infinite, request)
        .then([answer](
                value& result) mutable { answer.deliver(std::move(result)); },
              [answer](caf::error& why) mutable {
                answer.deliver(std::move(why));
              });
    },
    [self, server](const exec& request) { self->send(server, request); },
  };
}

/// Overtakes what waits in the mailbox.
void kill(const caf::actor& who) {
  send_exit_urgently(caf::actor_cast<caf::strong_actor_ptr>(who),
                     caf::exit_reason::kill);
}

} // namespace

TEST_CASE("an actor that dies while its request is queued leaks nothing",
          "[death]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  REQUIRE(world.ask(world.server(), exec{"x = 1"}));
  auto before = world.live_environments();
  auto doomed = world.system().spawn(owner, world.server());
  busy_context busy{world};
  caf::anon_send(doomed, exec{"import pyactor\npyactor.send('test', 'ran')"});
  caf::anon_send(doomed, exec{"import pyactor\npyactor.send('test', 'ran')"});
  auto pending = world.client()->request(world.server(), patience, eval{"x"});
  caf::anon_send_exit(doomed, caf::exit_reason::user_shutdown);
  world.await_exit(doomed);
  busy.open();
  value answer;
  pending.receive([&](value& x) { answer = std::move(x); }, [](caf::error&) {});
  CHECK(answer == 1);
  CHECK(world.ask(world.server(), eval{"x"}) == 1);
  CHECK(world.await_environments(before));
  CHECK_FALSE(world.hear(std::chrono::milliseconds{0}));
}

TEST_CASE("an owner that dies while its request runs leaks nothing",
          "[death]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  REQUIRE(world.ask(world.server(), exec{"x = 1"}));
  auto before = world.live_environments();
  auto doomed = world.system().spawn(owner, world.server());
  gate gate;
  caf::anon_send(doomed,
                 exec{"import os, pyactor\npyactor.send('test', 'waiting')\n"
                      "os.read("
                      + std::to_string(gate.fd())
                      + ", 1)\npyactor.send('test', 'ran')\n"});
  REQUIRE(world.hear());
  CHECK(world.live_environments() == before + 1);
  kill(doomed);
  world.await_exit(doomed);
  gate.open();
  // The request in flight held its environment.
  auto ran = world.hear();
  REQUIRE(ran);
  CHECK(ran->function == "ran");
  CHECK(world.await_environments(before));
  CHECK(world.ask(world.server(), eval{"x"}) == 1);
}

TEST_CASE("a pinned actor that is killed while it runs answers, then goes",
          "[death]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind)};
  auto neighbour = world.spawn(runner);
  REQUIRE(world.call(neighbour, "increment") == 1);
  auto before = world.live_environments();
  auto doomed = world.spawn(runner);
  gate gate;
  auto running = world.client()->request(doomed, patience,
                                         world.make_call("wait", gate.fd()));
  REQUIRE(world.hear());
  auto queued
    = world.client()->request(doomed, patience, world.make_call("increment"));
  auto other = world.client()->request(neighbour, patience,
                                       world.make_call("increment"));
  kill(doomed);
  gate.open();
  value answer;
  running.receive([&](value& x) { answer = std::move(x); }, [](caf::error&) {});
  CHECK(answer == "done");
  error why;
  queued.receive([](value&) {}, [&](caf::error& x) { why = from_caf(x); });
  CHECK(matches(why, {errc::actor_dead}));
  other.receive([&](value& x) { answer = std::move(x); }, [](caf::error&) {});
  CHECK(answer == 2);
  world.await_exit(doomed);
  CHECK(world.await_environments(before));
}

TEST_CASE("a request for a dead owner's environment gives environment_lost",
          "[death]") {
  runtime_world world;
  auto doomed = world.system().spawn(owner, world.server());
  auto env = world.ask(world.server(), make_environment{doomed->address()});
  REQUIRE(env);
  REQUIRE(world.ask(world.server(), exec{"x = 1", {}, *env}));
  busy_context busy{world};
  kill(doomed);
  world.await_exit(doomed);
  auto queued
    = world.client()->request(world.server(), patience, eval{"x", {}, *env});
  busy.open();
  error why;
  queued.receive([](value&) {}, [&](caf::error& x) { why = from_caf(x); });
  CHECK(matches(why, {errc::environment_lost}));
  CHECK(fails(world.ask(world.server(), drop_environment{*env}),
              {errc::environment_lost}));
  CHECK(fails(world.ask(world.server(), make_environment{doomed->address()}),
              {errc::environment_lost}));
  CHECK(world.await_environments(0));
}

TEST_CASE("an actor ends with the reason that it was given", "[death]") {
  auto reason
    = GENERATE(caf::exit_reason::user_shutdown, caf::exit_reason::kill,
               caf::exit_reason::remote_link_unreachable);
  runtime_world world;
  auto actor = world.spawn(runner);
  REQUIRE(world.call(actor, "increment") == 1);
  caf::anon_send_exit(actor, reason);
  CHECK(world.await_exit(actor) == reason);
  CHECK(world.live_environments() == 0);
  CHECK(fails(world.call(actor, "increment"), {errc::actor_dead}));
}

TEST_CASE("an actor whose last handle is dropped ends as unreachable",
          "[death]") {
  runtime_world world;
  auto actor = world.spawn(runner);
  world.client()->monitor(actor);
  REQUIRE(world.call(actor, "increment") == 1);
  actor = nullptr;
  caf::error reason;
  world.client()->receive(
    [&](caf::down_msg& down) { reason = std::move(down.reason); });
  CHECK(reason == caf::exit_reason::unreachable);
  CHECK(world.await_environments(0));
}

TEST_CASE("many actors that die in the middle of their work leak nothing",
          "[death]") {
  auto kind = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(kind, 2)};
  auto neighbour = world.spawn(runner);
  for (int i = 1; i <= 100; ++i) {
    auto doomed = world.spawn(runner);
    for (int j = 0; j < 4; ++j)
      caf::anon_send(doomed, world.make_call("increment"));
    if (i % 3 == 0)
      kill(doomed);
    else if (i % 3 == 1)
      caf::anon_send(doomed, world.make_call("run", "1 / 0"));
    REQUIRE(world.call(neighbour, "increment") == i);
  }
  CHECK(world.eventually([&] {
    return world.stats(0).live_actors + world.stats(1).live_actors == 3;
  }));
  CHECK(world.eventually([&] {
    return world.live_environments(0) + world.live_environments(1) == 1;
  }));
}

} // namespace death_test
