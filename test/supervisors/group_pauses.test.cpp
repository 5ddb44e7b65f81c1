#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[group_pauses]")

namespace {

supervisor_flags many(restart_strategy strategy) {
  return {.strategy = strategy, .intensity = 100, .period = 1h};
}

const auto all = many(restart_strategy::one_for_all);
const auto rest = many(restart_strategy::rest_for_one);

} // namespace

TEST("a group stops at once and waits the pause of the child that failed") {
  auto strategy
    = GENERATE(restart_strategy::one_for_all, restart_strategy::rest_for_one);
  world w;
  auto first = w.spec("a");
  first.backoff = restart_backoff{.initial = 1s, .jitter = 0};
  w.start(many(strategy), {first, w.spec("b")});
  w.journal.clear();
  w.tell("a", die{crash()});
  CHECK(w.happened() == "end a, end b");
  CHECK(w.which() == "b:stopped a:restarting");
  w.advance(999ms);
  CHECK(w.happened().empty());
  SECTION("to its end") {
    w.advance(1ms);
  }
  SECTION("or until somebody wants no more pause") {
    CHECK(w.order(retry_now{"a"}).ok());
  }
  CHECK(w.happened() == "start a, start b");
  w.advance(1h);
  CHECK(w.happened().empty());
  CHECK(w.statistics().restarts == 1);
}

TEST("a retry that somebody wants is tried again as any other") {
  world w;
  w.start(rest, {w.spec("a"), w.spec("b"), w.spec("c")});
  w.child("b").start = mode::refuse;
  w.tell("b", die{crash()});
  CHECK(w.order(retry_now{"b"}).failed_with(sup_errc::start_failed));
  CHECK(w.which() == "c:stopped b:restarting a:running");
  w.child("b").start = mode::spawn;
  w.advance(10ms);
  CHECK(w.which() == "c:running b:running a:running");
}

TEST("a child that was given up is left behind by its group") {
  world w;
  auto limited = w.spec("b");
  SECTION("because of a limit of its own") {
    limited.limit = restart_limit{.intensity = 0, .period = 1h};
  }
  SECTION("because its end was fatal") {
    limited.classify = [](const exit_info&) { return exit_class::fatal; };
  }
  w.start(all, {w.spec("a"), limited, w.spec("c")});
  w.tell("b", die{crash()});
  CHECK(w.which() == "c:running b:stopped a:running");
  CHECK(w.child("a").starts == 1);
  CHECK(w.events.back().what == supervision_event::kind::child_given_up);
  w.tell("a", die{crash()});
  CHECK(w.which() == "c:running b:stopped a:running");
  CHECK(w.order(restart_child{"b"}).ok());
  w.tell("a", die{crash()});
  CHECK(w.which() == "c:running b:running a:running");
  CHECK(w.child("b").starts == 3);
  CHECK(w.statistics().restarts == 2);
}

TEST("a member that cannot start for good does not hold its group up") {
  world w;
  auto doomed = w.spec("b");
  doomed.max_total_restarts = 1;
  w.start(all, {w.spec("a"), doomed, w.spec("c")});
  w.child("b").start = mode::refuse;
  w.tell("a", die{crash()});
  for (int i = 0; i < 5; ++i)
    w.advance(10ms);
  CHECK(w.which() == "c:running b:stopped a:running");
}
