#include <pyactor/test/memory/allocation_failure.hpp>
#include <pyactor/test/memory/excuses.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runtime_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;
using namespace std::chrono_literals;

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

/// Fails an allocation of its context's thread, between its two messages: the
/// second one asks whether it came to that.
caf::behavior saboteur(python_actor* self) {
  self->python().exec("");
  allocation_failure::watch_python();
  auto failure = std::make_shared<std::optional<allocation_failure>>();
  return {
    [failure](uint8_t whose, uint64_t number) {
      failure->emplace(static_cast<allocator>(whose), number);
    },
    [failure](bool) {
      auto reached = (*failure)->reached();
      failure->reset();
      return reached;
    },
  };
}

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
    if (answer)
      REQUIRE(*answer == what.answer);
    else
      REQUIRE((*reached || is_replaced()));
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
