#include <pyactor/supervisors/child_ref.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>
#include <pyactor/test/memory/allocation_failure.hpp>
#include <pyactor/test/memory/excuses.hpp>
#include <pyactor/test/memory/saboteur.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

namespace child_request_test {

using namespace pyactor;
using namespace pyactor::supervisors;
using namespace pyactor::test;
using runtime::python_actor;

namespace {

constexpr auto python_class = R"(
import pyactor

class Main(pyactor.Actor):
    def twice(self, x):
        return [x] * 2
)";

/// Ends for want of memory, as the Python class does.
class pinned : public python_actor {
public:
  using python_actor::python_actor;

  caf::behavior make_behavior() override {
    python().exec("def twice(x):\n"
                  "    return [x] * 2\n");
    return {
      [this](const runtime::call& what) {
        return python().apply(what.function, what.args);
      },
    };
  }
};

/// No allocation has this number.
constexpr auto never = std::numeric_limits<uint64_t>::max();

/// How a child is started.
struct child_kind {
  std::string_view name;
  start_fn (*start)(runtime::runtime& python);
};

start_fn start_class_of_python(runtime::runtime& python) {
  return start_python(python, actor_class::from_source(python_class, "Main"),
                      {}, {.index = 0});
}

start_fn start_class_of_cpp(runtime::runtime& python) {
  return start_pinned<pinned>(python, {.index = 0});
}

constexpr child_kind child_kinds[] = {{"a Python actor", start_class_of_python},
                                      {"a pinned actor", start_class_of_cpp}};

/// Each child that ends for want of memory would be in the log.
runtime::runtime_options silent_pool(interpreter_kind kind) {
  auto result = one_pool(kind);
  result.log_level = "off";
  return result;
}

bool is_right(const expected<value>& answer) {
  return answer && *answer == value::list({21, 21});
}

/// A supervised child, and an actor in its context that fails allocations of
/// their thread.
class sabotaged_child {
public:
  sabotaged_child(interpreter_kind kind, const child_kind& what, bool by_proxy)
    : world_(silent_pool(kind)),
      enemy_(world_.python().spawn_function({.index = 0}, saboteur)),
      tree_(start_supervisor(
              world_.system(), {.intensity = 1'000'000},
              {{.id = "child", .start = what.start(world_.python())}})
              .value()),
      child_(tree_.child("child")) {
    if (by_proxy)
      proxy_ = child_.proxy(world_.system());
    REQUIRE(is_back());
  }

  /// Has a request meet the failure of allocation `number`.
  /// @returns whether there were so many
  bool run_failing(allocator whose, uint64_t number) {
    // The child's slice of the request before is over when its context has
    // served the enemy; this one would be handled in it, with nothing failing.
    caf::anon_send(enemy_, static_cast<uint8_t>(whose), never);
    REQUIRE(world_.ask<bool>(enemy_, true) == false);
    caf::anon_send(enemy_, static_cast<uint8_t>(whose), number);
    caf::scoped_actor client{world_.system()};
    auto answer = ask(client);
    auto reached = world_.ask<bool>(enemy_, true);
    REQUIRE(reached);
    INFO((answer ? to_string(*answer) : to_string(answer.error())));
    REQUIRE((is_right(answer) || (!answer && *reached)));
    // Nobody waits in vain for an outcome.
    REQUIRE((answer || answer.error().code != errc::timed_out));
    REQUIRE(is_back());
    REQUIRE_FALSE(client->has_next_message());
    return *reached;
  }

  /// @returns which incarnation of the child runs
  incarnation_id incarnation() const {
    return child_.incarnation().value();
  }

  void stop() {
    CHECK(tree_.stop(patience));
    CHECK(world_.python().stop(patience).complete());
  }

private:
  expected<value> ask(caf::scoped_actor& client) const {
    expected<value> result;
    auto call = runtime_world::make_call("twice", 21);
    auto heard = [&](value& answer) { result = std::move(answer); };
    auto failed = [&](const caf::error& why) {
      result = unexpected{runtime::from_caf(why)};
    };
    if (proxy_)
      client->request(proxy_, patience, std::move(call)).receive(heard, failed);
    else
      child_.request(client, patience, std::move(call)).receive(heard, failed);
    return result;
  }

  /// @returns whether the child, perhaps another incarnation of it, answers
  ///          soon, and nothing is left of the one before
  bool is_back() {
    return world_.eventually([&] { return is_right(ask(world_.client())); })
           && world_.eventually([&] {
                auto now = world_.stats();
                // The enemy's and the child's; the context has a server, too.
                return now.live_environments == 2 && now.live_actors == 3;
              });
  }

  runtime_world world_;
  caf::actor enemy_;
  supervisor_ref tree_;
  child_ref child_;
  /// Invalid where the child is asked by its reference.
  caf::actor proxy_;
};

/// Fails each allocation of a request in turn.
void fail_each(sabotaged_child& child, allocator whose) {
  INFO("allocator " << static_cast<int>(whose));
  auto reached = true;
  for (uint64_t number = 0; reached; ++number) {
    INFO("allocation " << number);
    reached = child.run_failing(whose, number);
  }
}

} // namespace

TEST_CASE("a request to a supervised child for which there is no memory ends "
          "in an error or the right answer, and the child comes back",
          "[child_request]") {
  const std::pair<child_kind, bool> ways[] = {
    {child_kinds[0], false}, {child_kinds[1], false}, {child_kinds[1], true}};
  for (auto kind : kinds())
    for (auto& [what, by_proxy] : ways) {
      INFO(what.name << (by_proxy ? ", by its proxy" : ""));
      sabotaged_child child{kind, what, by_proxy};
      for (auto whose : judged_allocators())
        fail_each(child, whose);
      // CPython's failures have ended it, where they are looked at.
      if (judged_allocators().size() > 1)
        CHECK(child.incarnation() > 1);
      child.stop();
    }
  // Not all of what the other suites meet is met here.
  CHECK(wrong_excuses(library::caf, 0) == "");
  CHECK(wrong_excuses(library::cpython, 0) == "");
}

} // namespace child_request_test
