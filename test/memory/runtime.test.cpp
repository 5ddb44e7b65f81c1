#include <pyactor/test/memory/allocation_failure.hpp>
#include <pyactor/test/memory/excuses.hpp>
#include <pyactor/test/memory/saboteur.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace runtime_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

/// To itself: it has promised to double this.
struct keep_promise {
  int of;
};

} // namespace

} // namespace runtime_test

PYACTOR_LOCAL_MESSAGE(runtime_test::keep_promise)

namespace runtime_test {

namespace {

const std::string counter = R"(
import pyactor

class Main(pyactor.Actor):
    def __init__(self, start=0):
        self.n = start

    def add(self, by):
        self.n += by
        return self.n
#)";

const std::string teller = R"(
import pyactor

class Main(pyactor.Actor):
    def tell(self, whom, what):
        twice = [what, what]
        pyactor.send(whom, "told", what, {"twice": twice}, by=pyactor.self())
        return what
#)";

/// What is asked of a context.
struct request {
  std::string_view name;
  /// @param unique for code that has not been compiled before
  expected<value> (*run)(runtime_world& world, const std::string& unique);
  value answer;
};

expected<value> run_exec(runtime_world& world, const std::string& unique) {
  return world.ask(world.server(), exec{"x = [1, 2] #" + unique});
}

expected<value> run_eval(runtime_world& world, const std::string& unique) {
  return world.ask(world.server(), eval{"[x * 2 for x in (1, 2)] #" + unique});
}

expected<value> run_eval_with_names(runtime_world& world,
                                    const std::string& unique) {
  return world.ask(world.server(), eval{"a + 1 #" + unique, {{"a", 41}}});
}

expected<value> run_call(runtime_world& world, const std::string&) {
  arguments args{.positional = {1}, .keyword = {{"b", "two"}}};
  return world.ask(world.server(), call{"both", args});
}

expected<value> run_owner(runtime_world& world, const std::string& unique) {
  caf::scoped_actor owner{world.system()};
  return outcome<value>(*owner.operator->(), world.server(),
                        eval{"6 * 7 #" + unique});
}

expected<value> run_environment(runtime_world& world,
                                const std::string& unique) {
  auto made = world.ask(world.server(), make_environment{});
  if (!made)
    return unexpected{made.error()};
  auto answer = world.ask(world.server(), eval{"40 + 2 #" + unique, {}, *made});
  auto dropped = world.ask(world.server(), drop_environment{*made});
  if (!dropped)
    static_cast<void>(world.ask(world.server(), drop_environment{*made}));
  return answer;
}

expected<value> run_pinned_actor(runtime_world& world,
                                 const std::string& unique) {
  auto actor = world.python().spawn_function({}, [unique](python_actor* self) {
    return caf::behavior{[self, unique](int by) -> caf::result<value> {
      auto answer = self->python().try_eval<value>(
        source{std::to_string(by) + " * 2 #" + unique});
      if (!answer)
        return to_caf(std::move(answer).error());
      return *std::move(answer);
    }};
  });
  auto answer = world.ask<value>(actor, 21);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  world.await_exit(actor);
  return answer;
}

void deliver_double(python_actor* self, promise<value>& mine, int of) {
  auto answer
    = self->python().try_eval<value>(source{std::to_string(of) + " * 2"});
  if (answer)
    mine.deliver(*std::move(answer));
  else
    mine.fail(to_caf(std::move(answer).error()));
}

caf::behavior promising_now(python_actor* self) {
  return {
    [self](int of) {
      auto mine = self->make_promise<value>();
      deliver_double(self, mine, of);
      return mine.later();
    },
  };
}

caf::behavior promising_for_later(python_actor* self) {
  auto kept = std::make_shared<promise<value>>();
  return {
    [self, kept](int of) {
      *kept = self->make_promise<value>();
      self->send(self, keep_promise{of});
      return kept->later();
    },
    [self, kept](const keep_promise& what) {
      deliver_double(self, *kept, what.of);
    },
  };
}

caf::behavior promising_in_vain(python_actor* self) {
  return {
    [self](int) { return self->make_promise<value>().later(); },
  };
}

/// @returns the one outcome of what an actor has promised
expected<value> run_promise(runtime_world& world,
                            caf::behavior (*actor)(python_actor*)) {
  auto promising = world.python().spawn_function({}, actor);
  caf::scoped_actor client{world.system()};
  auto answer = outcome<value>(*client.operator->(), promising, 21);
  caf::anon_send_exit(promising, caf::exit_reason::user_shutdown);
  // What it has sent is there then.
  world.await_exit(promising);
  REQUIRE_FALSE(client->has_next_message());
  return answer;
}

expected<value> run_prompt_promise(runtime_world& world, const std::string&) {
  return run_promise(world, promising_now);
}

expected<value> run_late_promise(runtime_world& world, const std::string&) {
  return run_promise(world, promising_for_later);
}

/// @returns 42 where the client hears that there is no answer
expected<value> run_dropped_promise(runtime_world& world, const std::string&) {
  auto answer = run_promise(world, promising_in_vain);
  if (!answer && answer.error().code == errc::reply_lost)
    return value{42};
  return answer;
}

expected<value> run_python_actor(runtime_world& world,
                                 const std::string& unique) {
  auto actor = world.spawn(counter + unique, {.positional = {1}});
  auto answer = world.call(actor, "add", 41);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  world.await_exit(actor);
  return answer;
}

/// The sender's side: what Python code sends either fails, or comes whole.
expected<value> run_python_sender(runtime_world& world,
                                  const std::string& unique) {
  auto actor = world.spawn(teller + unique);
  auto answer = world.call(actor, "tell", "test", 42);
  // The letter is sent before the answer.
  auto letter = world.hear(0ms);
  if (answer)
    REQUIRE(letter);
  if (letter) {
    REQUIRE(letter->function == "told");
    REQUIRE(
      letter->args.positional
      == value::sequence{42, value::dict({{"twice", value::list({42, 42})}})});
    REQUIRE(letter->args.keyword.size() == 1);
  }
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  world.await_exit(actor);
  return answer;
}

std::vector<request> requests() {
  return {
    {"exec", run_exec, {}},
    {"eval", run_eval, value::list({2, 4})},
    {"eval with names", run_eval_with_names, 42},
    {"call with args and kwargs", run_call, value::list({1, "two"})},
    {"an owner from its first request to its end", run_owner, 42},
    {"an environment from its making to its end", run_environment, 42},
    {"a pinned actor from its start to its end", run_pinned_actor, 42},
    {"a pinned actor that keeps its promise at once", run_prompt_promise, 42},
    {"a pinned actor that keeps its promise later", run_late_promise, 42},
    {"a pinned actor that drops its promise", run_dropped_promise, 42},
    {"a Python actor from its start to its end", run_python_actor, 42},
    {"a Python actor that sends", run_python_sender, 42},
  };
}

/// A context, and an actor in it that fails allocations of its thread.
class sabotaged_context {
public:
  explicit sabotaged_context(interpreter_kind kind) : world_(one_pool(kind)) {
    move_in();
  }

  /// Has a request meet the failure of allocation `number`.
  /// @returns whether there were so many
  bool run_failing(const request& what, allocator whose, uint64_t number) {
    if (is_replaced())
      move_in();
    caf::anon_send(enemy_, static_cast<uint8_t>(whose), number);
    auto answer = what.run(world_, std::to_string(number));
    auto reached = world_.ask<bool>(enemy_, true);
    REQUIRE(reached);
    if (answer) {
      REQUIRE(*answer == what.answer);
    } else {
      INFO(to_string(answer.error()));
      // Nobody waits in vain for an outcome.
      REQUIRE(answer.error().code != errc::timed_out);
      REQUIRE((*reached || is_replaced()));
    }
    auto again = what.run(world_, "");
    INFO((again ? to_string(*again) : to_string(again.error())));
    REQUIRE((again == what.answer || is_replaced()));
    REQUIRE(world_.eventually([&] {
      return is_replaced() || world_.live_environments() == environments_;
    }));
    return *reached || is_replaced();
  }

private:
  /// The exit of an actor for which there is no memory poisons a context of a
  /// GIL of its own, and sooner or later another one has its place.
  bool is_replaced() {
    return home_ != &world_.python().context_at({.index = 0});
  }

  void move_in() {
    home_ = &world_.python().context_at({.index = 0});
    enemy_ = world_.python().spawn_function({.index = 0}, saboteur);
    REQUIRE(
      world_.ask(world_.server(), exec{"def both(a, b): return [a, b]\n"}));
    environments_ = 2; // the client's and the enemy's
    REQUIRE(world_.eventually([&] {
      return is_replaced() || world_.live_environments() == environments_;
    }));
  }

  runtime_world world_;
  context* home_ = nullptr;
  caf::actor enemy_;
  uint64_t environments_ = 0;
};

/// Fails each allocation of each request in turn, in a context of its own.
void fail_each(interpreter_kind kind, allocator whose) {
  INFO("allocator " << static_cast<int>(whose));
  sabotaged_context place{kind};
  for (const auto& what : requests()) {
    INFO(what.name);
    auto reached = true;
    for (uint64_t number = 0; reached; ++number) {
      INFO("allocation " << number);
      reached = place.run_failing(what, whose, number);
    }
  }
}

} // namespace

TEST_CASE(
  "a context for which there is no memory ends a request in an error or "
  "the right answer, and works on",
  "[runtime]") {
  for (auto kind : kinds())
    for (auto whose : judged_allocators())
      fail_each(kind, whose);
  CHECK(wrong_excuses(library::caf) == "");
  CHECK(wrong_excuses(library::cpython, 0) == "");
}

TEST_CASE("what a sender has no memory for it knows, and the receiver goes on",
          "[runtime]") {
  runtime_world world{one_pool(kinds().back())};
  auto receiver = world.spawn(counter, {.positional = {0}});
  int64_t least = 0;
  int64_t most = 0;
  size_t failures = 0;
  // Often enough for the queues between them to need memory, too.
  for (int round = 0; round < 1000; ++round) {
    auto reached = true;
    for (size_t number = 0; reached; ++number) {
      INFO("round " << round << ", allocation " << number);
      auto what = runtime_world::make_call("add", 1);
      auto sent = true;
      {
        allocation_failure failure{allocator::cpp, number};
        try {
          caf::anon_send(receiver, std::move(what));
        } catch (const std::bad_alloc&) {
          sent = false;
        }
        reached = failure.reached();
      }
      ++most;
      least += sent;
      failures += !sent;
    }
    auto sum = world.call(receiver, "add", 0);
    REQUIRE(sum);
    REQUIRE(*sum->as_int64() >= least);
    REQUIRE(*sum->as_int64() <= most);
  }
  CHECK(failures > 0);
}

} // namespace runtime_test
