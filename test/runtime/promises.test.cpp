#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace promises_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

namespace {

/// What a handler does once it has taken its promise.
enum class plan : uint8_t {
  keep,
  keep_and_raise,
  keep_and_quit,
  raise,
  drop,
  deliver_on_a_thread,
  deliver_and_raise,
};

struct ask_later {
  plan what;
};

/// Delivers what was kept.
struct settle {
  int64_t with;
};

constexpr auto raising = "raise ValueError('after the promise')";

} // namespace

} // namespace promises_test

PYACTOR_LOCAL_MESSAGE(promises_test::ask_later)
PYACTOR_LOCAL_MESSAGE(promises_test::settle)

namespace promises_test {

namespace {

using answer_promise = promise<int64_t>;

/// Takes a promise for each question; how often it was the first to answer is
/// what `settle` says.
class promiser : public python_actor {
public:
  using python_actor::python_actor;

  caf::behavior make_behavior() override {
    return {
      [this](const ask_later& request) { return take(request.what); },
      [this](const settle& request) {
        int64_t first = 0;
        for (auto& one : std::exchange(kept_, {}))
          first += one.deliver(request.with);
        return first;
      },
      [](const exec&) { return value{}; },
    };
  }

private:
  caf::delegated<int64_t> take(plan what) {
    auto mine = make_promise<int64_t>();
    auto result = mine.later();
    switch (what) {
      case plan::keep_and_raise:
      case plan::keep:
      case plan::keep_and_quit:
        kept_.push_back(std::move(mine));
        break;
      case plan::deliver_and_raise:
        mine.deliver(42);
        break;
      case plan::deliver_on_a_thread:
        std::jthread{[mine = std::move(mine)]() mutable {
          mine.deliver(42);
        }}.detach();
        return result;
      default:
        break;
    }
    if (what == plan::keep_and_quit)
      quit();
    else if (what != plan::keep && what != plan::drop)
      python().exec(raising);
    return result;
  }

  std::vector<answer_promise> kept_;
};

/// What `promiser` does in a function, with what it kept in its behavior.
caf::behavior forgetful(python_actor* self) {
  auto kept = std::make_shared<std::vector<answer_promise>>();
  return {
    [self, kept](const ask_later& request) {
      kept->push_back(self->make_promise<int64_t>());
      auto result = kept->back().later();
      if (request.what == plan::keep_and_raise)
        self->python().exec(raising);
      return result;
    },
  };
}

using typed_interface
  = caf::typed_actor<caf::replies_to<ask_later>::with<int64_t>,
                     caf::replies_to<settle>::with<int64_t>>;

class typed_promiser
  : public typed_python_actor<caf::replies_to<ask_later>::with<int64_t>,
                              caf::replies_to<settle>::with<int64_t>> {
public:
  using pinned_actor::pinned_actor;

  behavior_type make_behavior() override {
    return {
      [this](const ask_later& request) {
        kept_ = make_promise<int64_t>();
        if (request.what == plan::keep_and_raise)
          python().exec(raising);
        return kept_.later();
      },
      [this](const settle& request) -> int64_t {
        return kept_.deliver(request.with);
      },
    };
  }

private:
  answer_promise kept_;
};

const is_failure raised{errc::python_exception, "builtins.ValueError",
                        "after the promise"};

/// Sends a request without waiting.
template <class Handle, class Request>
auto start(runtime_world& world, const Handle& whom, Request request) {
  return world.client()->request(whom, patience, request);
}

template <class Response>
expected<int64_t> finish(Response& response) {
  expected<int64_t> result;
  response.receive(
    [&](int64_t x) { result = x; },
    [&](caf::error& why) { result = unexpected{from_caf(why)}; });
  return result;
}

} // namespace

TEST_CASE("a promise that is kept is answered from a later message",
          "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  auto first = start(world, actor, ask_later{plan::keep});
  auto second = start(world, actor, ask_later{plan::keep});
  CHECK(world.ask<int64_t>(actor, settle{7}) == 2);
  CHECK(finish(first) == 7);
  CHECK(finish(second) == 7);
  CHECK_FALSE(world.client()->has_next_message());
}

TEST_CASE("a promise is answered from another thread", "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  CHECK(world.ask<int64_t>(actor, ask_later{plan::deliver_on_a_thread}) == 42);
}

TEST_CASE("what a handler raises after it took a promise reaches the client",
          "[promises]") {
  auto what = GENERATE(plan::raise, plan::keep_and_raise);
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  CHECK(fails(world.ask<int64_t>(actor, ask_later{what}), raised));
  CHECK(matches(from_caf(world.await_exit(actor)), raised));
  CHECK_FALSE(world.client()->has_next_message());
}

TEST_CASE("a promise in a behavior is answered with what its handler raises",
          "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn_function({}, forgetful);
  auto earlier = start(world, actor, ask_later{plan::keep});
  CHECK(
    fails(world.ask<int64_t>(actor, ask_later{plan::keep_and_raise}), raised));
  CHECK(fails(finish(earlier), raised));
}

TEST_CASE("a promise in a behavior is answered with the reason of the end",
          "[promises]") {
  auto [reason, wanted] = GENERATE(
    std::pair{caf::make_error(caf::exit_reason::kill), errc::actor_dead},
    std::pair{to_caf(error{errc::rejected, "enough"}), errc::rejected});
  runtime_world world;
  auto actor = world.python().spawn_function({}, forgetful);
  auto kept = start(world, actor, ask_later{plan::keep});
  caf::anon_send(actor, caf::exit_msg{{}, reason});
  CHECK(fails(finish(kept), {wanted}));
}

TEST_CASE("a handler that raises answers all promises that its actor kept",
          "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  auto kept = start(world, actor, ask_later{plan::keep});
  CHECK(fails(world.ask<int64_t>(actor, ask_later{plan::raise}), raised));
  CHECK(fails(finish(kept), raised));
  CHECK_FALSE(world.client()->has_next_message());
}

TEST_CASE("what is delivered before a handler raises is the only answer",
          "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  CHECK(world.ask<int64_t>(actor, ask_later{plan::deliver_and_raise}) == 42);
  CHECK(matches(from_caf(world.await_exit(actor)), raised));
  CHECK_FALSE(world.client()->has_next_message());
}

TEST_CASE("a promise that is dropped is answered with reply_lost",
          "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  CHECK(fails(world.ask<int64_t>(actor, ask_later{plan::drop}),
              {errc::reply_lost, "", "without an answer"}));
  CHECK(world.ask(actor, exec{}));
}

TEST_CASE("a promise of an actor that quits is answered with an error",
          "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  auto failed = world.ask<int64_t>(actor, ask_later{plan::keep_and_quit});
  CHECK(fails(failed, {errc::reply_lost, "", "ended"}));
}

TEST_CASE("a promise of an actor that is killed is answered with an error",
          "[promises]") {
  auto reason
    = GENERATE(caf::exit_reason::kill, caf::exit_reason::user_shutdown);
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  auto request = start(world, actor, ask_later{plan::keep});
  REQUIRE(world.ask(actor, exec{}));
  caf::anon_send_exit(actor, reason);
  CHECK(fails(finish(request), {errc::actor_dead}));
  CHECK_FALSE(world.client()->has_next_message());
}

TEST_CASE("a promise of an actor that lost its last handle is answered with an "
          "error",
          "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  auto request = start(world, actor, ask_later{plan::keep});
  REQUIRE(world.ask(actor, exec{}));
  actor = nullptr;
  CHECK(fails(finish(request), {errc::actor_dead}));
  CHECK_FALSE(world.client()->has_next_message());
}

TEST_CASE("a promise to a request that was delegated reaches the client",
          "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  auto front = world.system().spawn([actor](caf::event_based_actor* self) {
    return caf::behavior{[self, actor](const ask_later& request) {
      return self->delegate(actor, request);
    }};
  });
  auto request = start(world, front, ask_later{plan::keep});
  REQUIRE(world.eventually(
    [&] { return world.ask<int64_t>(actor, settle{7}) == 1; }));
  CHECK(finish(request) == 7);
  CHECK(
    fails(world.ask<int64_t>(front, ask_later{plan::keep_and_raise}), raised));
}

TEST_CASE("a typed actor keeps and loses promises as others do", "[promises]") {
  runtime_world world;
  typed_interface actor = world.python().spawn<typed_promiser>();
  auto kept = start(world, actor, ask_later{plan::keep});
  auto first = start(world, actor, settle{7});
  CHECK(finish(first) == 1);
  CHECK(finish(kept) == 7);
  auto lost = start(world, actor, ask_later{plan::keep_and_raise});
  CHECK(fails(finish(lost), raised));
}

TEST_CASE("a promise for a message that nobody waits for answers nobody",
          "[promises]") {
  runtime_world world;
  auto actor = world.python().spawn<promiser>();
  world.client()->send(actor, ask_later{plan::keep});
  caf::anon_send(actor, ask_later{plan::keep});
  CHECK(world.ask<int64_t>(actor, settle{7}));
  CHECK_FALSE(world.client()->has_next_message());
}

TEST_CASE("user actors outlive the runtime", "[promises]") {
  runtime_world world;
  auto pinned = world.python().spawn<promiser>();
  auto plain = world.system().spawn([pinned](caf::event_based_actor* self) {
    return caf::behavior{[self, pinned](const settle& request) {
      return self->delegate(pinned, request);
    }};
  });
  REQUIRE(world.ask<int64_t>(plain, settle{1}) == 0);
  auto kept = start(world, pinned, ask_later{plan::keep});
  world.drop_runtime();
  CHECK_FALSE(finish(kept));
  CHECK(fails(world.ask<int64_t>(plain, settle{1}), {errc::actor_dead}));
}

} // namespace promises_test
