#include <pyactor/runtime/router.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

namespace environments_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

using self_and_server = std::function<caf::actor(caf::local_actor&)>;

/// Has its requests answered by the context of its own environment.
template <class Request>
auto pass_on(caf::event_based_actor* self, const self_and_server& find) {
  return [self, find](Request& request) {
    auto answer = self->make_response_promise();
    self->request(find(*self), caf::infinite, std::move(request))
      .then(
        [answer](value& result) mutable { answer.deliver(std::move(result)); },
        [answer](caf::error& why) mutable { answer.deliver(std::move(why)); });
  };
}

caf::behavior event_based_owner(caf::event_based_actor* self,
                                self_and_server find) {
  return {pass_on<call>(self, find), pass_on<eval>(self, find),
          pass_on<exec>(self, find)};
}

/// The same, but awaits each answer before it looks at its next message.
caf::behavior awaiting_owner(caf::event_based_actor* self,
                             self_and_server find) {
  return {[self, find](eval& request) {
            auto answer = self->make_response_promise();
            self->request(find(*self), caf::infinite, std::move(request))
              .await(
                [answer](value& result) mutable {
                  answer.deliver(std::move(result));
                },
                [answer](caf::error& why) mutable {
                  answer.deliver(std::move(why));
                });
          },
          pass_on<exec>(self, find)};
}

void blocking_owner(caf::blocking_actor* self, self_and_server find) {
  auto ask = [=](auto& request) -> caf::result<value> {
    auto answer = outcome<value>(*self, find(*self), std::move(request));
    if (!answer)
      return to_caf(answer.error());
    return *answer;
  };
  bool running = true;
  self->receive_while(running)([=](call& request) { return ask(request); },
                               [=](eval& request) { return ask(request); },
                               [=](exec& request) { return ask(request); },
                               [&](caf::exit_msg& why) {
                                 running = false;
                                 self->fail_state(std::move(why.reason));
                               });
}

enum class owner_kind : uint8_t {
  event_based,
  awaiting,
  detached,
  blocking,
};

caf::actor spawn_owner(runtime_world& world, owner_kind kind,
                       const placement& where = {}) {
  self_and_server find = [&world, where](caf::local_actor& self) {
    return world.python().context_of(self, where);
  };
  auto& system = world.system();
  switch (kind) {
    case owner_kind::event_based:
      return system.spawn(event_based_owner, find);
    case owner_kind::awaiting:
      return system.spawn(awaiting_owner, find);
    case owner_kind::detached:
      return system.spawn<caf::detached>(event_based_owner, find);
    default:
      return system.spawn(blocking_owner, find);
  }
}

} // namespace

TEST_CASE("an ordinary actor of any kind owns an environment until it ends",
          "[environments]") {
  auto kind = GENERATE(owner_kind::event_based, owner_kind::awaiting,
                       owner_kind::detached, owner_kind::blocking);
  auto python = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(python)};
  auto first = spawn_owner(world, kind);
  auto second = spawn_owner(world, kind);
  REQUIRE(world.ask(first, exec{"x = 1"}));
  REQUIRE(world.ask(second, exec{"x = 2"}));
  CHECK(world.ask(first, eval{"x"}) == 1);
  CHECK(world.ask(second, eval{"x"}) == 2);
  CHECK(fails(world.ask(first, eval{"x / 0"}),
              {errc::python_exception, "builtins.ZeroDivisionError"}));
  CHECK(world.live_environments() == 2);
  caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
  CHECK(world.await_environments(1));
  CHECK(world.ask(second, eval{"x"}) == 2);
  if (kind == owner_kind::blocking) // runs until it is told to end
    caf::anon_send_exit(second, caf::exit_reason::user_shutdown);
  second = nullptr;
  CHECK(world.await_environments(0));
}

TEST_CASE("a scoped actor owns an environment until its scope ends",
          "[environments]") {
  runtime_world world;
  {
    caf::scoped_actor self{world.system()};
    auto server = world.python().context_of(*self.ptr());
    REQUIRE(outcome<value>(*self, server, exec{"x = 1"}));
    CHECK(outcome<value>(*self, server, eval{"x"}) == 1);
    CHECK(world.live_environments() == 1);
  }
  CHECK(world.await_environments(0));
}

TEST_CASE("a call finds functions of the environment, builtins and modules",
          "[environments]") {
  auto python = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(python)};
  auto server = world.server();
  REQUIRE(world.ask(server, exec{"def scale(x, *, by=1): return x * by\n"
                                 "class Counter:\n"
                                 "    value = 0\n"
                                 "    def add(self, n):\n"
                                 "        self.value += n\n"
                                 "        return self.value\n"
                                 "counter = Counter()\n"}));
  CHECK(world.ask(server,
                  call{"scale", {.positional = {21}, .keyword = {{"by", 2}}}})
        == 42);
  CHECK(world.call(server, "counter.add", 5) == 5);
  CHECK(world.call(server, "counter.add", 5) == 10);
  CHECK(world.call(server, "abs", -3) == 3);
  CHECK(world.call(server, "math:hypot", 3, 4) == 5.0);
  CHECK(world.call(server, "__main__:scale", 3) == 3);
  CHECK(fails(world.call(server, "missing"), {errc::not_found}));
  CHECK(fails(world.ask(server, eval{"counter"}), {errc::not_convertible}));
}

TEST_CASE("an eval sees the names that come with it", "[environments]") {
  runtime_world world;
  auto server = world.server();
  REQUIRE(world.ask(server, exec{"x = 1\ny = 1\n"}));
  CHECK(world.ask(server, eval{"[x + y + i for i in range(2)]", {{"x", 10}}})
        == value::list({11, 12}));
  CHECK(world.ask(server, eval{"x"}) == 1);
}

TEST_CASE("an exec names its file in tracebacks", "[environments]") {
  runtime_world world;
  auto failed = world.ask(
    world.server(), exec{"def f():\n    return 1 / 0\nf()\n", "predictor.py"});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().traceback.find("File \"predictor.py\", line 2, in f")
        != std::string::npos);
  CHECK(failed.error().traceback.find("return 1 / 0") != std::string::npos);
}

TEST_CASE("an actor's context is the same for all its life", "[environments]") {
  runtime_world world{one_pool(interpreter_kind::main, 3)};
  auto policy
    = GENERATE(routing_policy::scheduler_id, routing_policy::round_robin,
               routing_policy::least_loaded);
  auto owner = spawn_owner(world, owner_kind::event_based, {.policy = policy});
  REQUIRE(world.ask(owner, exec{"n = 0"}));
  for (int i = 1; i <= 50; ++i)
    REQUIRE(world.ask(owner, exec{"n += 1"}));
  CHECK(world.ask(owner, eval{"n"}) == 50);
}

TEST_CASE("one actor may have an environment in each pool", "[environments]") {
  auto options = one_pool(interpreter_kind::main);
  options.pools["io"] = {.size = 2};
  runtime_world world{options};
  caf::scoped_actor self{world.system()};
  auto in_default = world.python().context_of(*self.ptr());
  auto in_io = world.python().context_of(*self.ptr(), {.pool = "io"});
  CHECK(in_default != in_io);
  REQUIRE(outcome<value>(*self, in_default, exec{"x = 1"}));
  REQUIRE(outcome<value>(*self, in_io, exec{"x = 2"}));
  CHECK(world.python().context_of(*self.ptr()) == in_default);
  CHECK(world.python().context_of(*self.ptr(), {.pool = "io"}) == in_io);
  CHECK(outcome<value>(*self, in_default, eval{"x"}) == 1);
  CHECK(outcome<value>(*self, in_io, eval{"x"}) == 2);
}

TEST_CASE("explicit environments go when they are dropped, or their owner does",
          "[environments]") {
  auto python = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(python)};
  auto server = world.server();
  {
    caf::scoped_actor owner{world.system()};
    auto first = outcome<environment_id>(*owner, server, make_environment{});
    auto second = world.ask(server, make_environment{owner.address()});
    REQUIRE((first && second));
    CHECK(*first != *second);
    REQUIRE(outcome<value>(*owner, server, exec{"x = 1"}));
    // Whoever knows an environment may use it.
    REQUIRE(world.ask(server, exec{"x = 2", {}, *second}));
    CHECK(outcome<value>(*owner, server, eval{"x", {}, *second}) == 2);
    CHECK(world.live_environments() == 3);
    REQUIRE(world.ask(server, drop_environment{*first}));
    CHECK(world.live_environments() == 2);
    CHECK(fails(world.ask(server, eval{"1", {}, *first}),
                {errc::environment_lost}));
    CHECK(fails(world.ask(server, drop_environment{*first}),
                {errc::environment_lost}));
    CHECK(outcome<value>(*owner, server, eval{"x"}) == 1);
  }
  CHECK(world.await_environments(0));
}

TEST_CASE("an environment without any owner is refused", "[environments]") {
  runtime_world world;
  caf::anon_send(world.server(), make_environment{});
  CHECK(world.ask(world.server(), eval{"6 * 7"}) == 42);
  CHECK(world.live_environments() == 1);
}

TEST_CASE("exec, eval and call of one context run on one thread",
          "[environments]") {
  auto python = GENERATE(from_range(kinds()));
  runtime_world world{one_pool(python, 2)};
  auto thread_of = [&](const caf::actor& who) {
    REQUIRE(world.ask(who, exec{"import threading\n"
                                "here = threading.get_native_id()\n"}));
    auto executed = world.ask(who, eval{"here"});
    CHECK(world.ask(who, eval{"threading.get_native_id()"}) == executed);
    CHECK(world.call(who, "threading.get_native_id") == executed);
    return executed;
  };
  CHECK(thread_of(world.server(0)) != thread_of(world.server(1)));
  auto owner = spawn_owner(world, owner_kind::detached, {.index = 1});
  CHECK(thread_of(owner) == thread_of(world.server(1)));
}

TEST_CASE("an unknown pool or context is an error that says what there is",
          "[environments]") {
  runtime_world world;
  caf::scoped_actor self{world.system()};
  auto failure = [&](const placement& where) {
    try {
      world.python().context_of(*self.ptr(), where);
    } catch (const python_error& e) {
      return e.info();
    }
    return error{errc::timed_out, "nothing was thrown"};
  };
  CHECK(matches(failure({.pool = "gpu"}), {errc::invalid_argument, "",
                                           "no pool 'gpu'; there are: "
                                           "default"}));
  CHECK(matches(failure({.index = 5}),
                {errc::invalid_argument, "", "no context 5"}));
}

TEST_CASE("a router forgets an actor that ends", "[environments]") {
  runtime_world world;
  auto routes = std::make_shared<router>();
  auto home = world.python().context_at({}).shared_from_this();
  routes->add(
    std::make_unique<pool>("default", pool_options{}, std::vector{home}));
  {
    caf::scoped_actor self{world.system()};
    REQUIRE(routes->bind(self.ptr()->ctrl(), {}));
    REQUIRE(routes->bind(self.ptr()->ctrl(), {}));
    CHECK(routes->bindings() == 1);
  }
  CHECK(world.eventually([&] { return routes->bindings() == 0; }));
  auto dead = world.system().spawn([](caf::event_based_actor*) {});
  world.await_exit(dead);
  REQUIRE(routes->bind(caf::actor_cast<caf::strong_actor_ptr>(dead), {}));
  CHECK(routes->bindings() == 0);
}

TEST_CASE("a runtime that has been stopped refuses in so many words",
          "[environments]") {
  runtime_world world;
  auto server = world.server();
  REQUIRE(world.python().stop(std::chrono::seconds{10}).complete());
  CHECK(fails(world.ask(server, eval{"1"}), {errc::actor_dead}));
  try {
    static_cast<void>(world.server());
    FAIL("nothing was thrown");
  } catch (const python_error& e) {
    CHECK(matches(e.info(), {errc::interpreter_lost, "", "stopped"}));
  }
}

} // namespace environments_test
