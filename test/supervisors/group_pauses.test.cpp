#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace group_pauses_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using kind = supervision_event::kind;
using mode = child_control::start_mode;

namespace {

const restart_backoff doubling{.initial = 100ms, .max = 1s, .jitter = 0};

/// Children a, b and c that depend on each other.
struct group_of_three {
  explicit group_of_three(child_spec middle) {
    middle.id = "b";
    middle.start = w.spec("b").start;
    w.start({.strategy = restart_strategy::one_for_all,
             .intensity = 1000,
             .period = 1000h},
            {w.spec("a"), middle, w.spec("c")});
    w.journal.clear();
  }

  world w;
};

/// A supervisor that ends with its significant child "c", and "d" beside it.
void start_significant(world& w, child_spec significant) {
  significant.id = "c";
  significant.start = w.spec("c").start;
  significant.restart = restart_type::transient;
  significant.significant = true;
  w.start({.auto_shutdown = auto_shutdown::any_significant},
          {significant, w.spec("d")});
  w.tell("c", die{crash()});
}

} // namespace

TEST_CASE(
  "a group is stopped at once, pauses as long as the child that failed, "
  "and starts in order",
  "[group_pauses]") {
  group_of_three x{{.backoff = doubling}};
  for (auto pause : {100ms, 200ms}) {
    x.w.journal.clear();
    x.w.tell("b", die{crash()});
    CHECK(x.w.happened() == "end b, end c, end a");
    CHECK(x.w.which() == "c:stopped b:restarting a:stopped");
    CHECK(x.w.info("b").next_start_in == pause);
    x.w.advance(pause - 1ns);
    CHECK(x.w.which() == "c:stopped b:restarting a:stopped");
    x.w.journal.clear();
    x.w.advance(1ns);
    CHECK(x.w.happened() == "start a, start b, start c");
    CHECK(x.w.which() == "c:running b:running a:running");
  }
  x.w.tell("a", die{crash()}); // has no backoff
  CHECK(x.w.which() == "c:running b:running a:running");
}

TEST_CASE("a member with a backoff that cannot start lets its group pause",
          "[group_pauses]") {
  group_of_three x{{.backoff = doubling}};
  x.w.child("b").start = mode::refuse;
  x.w.tell("a", die{crash()});
  CHECK(x.w.info("b").next_start_in == 100ms);
  x.w.advance(100ms);
  CHECK(x.w.info("b").next_start_in == 200ms);
  x.w.child("b").start = mode::spawn;
  x.w.advance(200ms);
  CHECK(x.w.which() == "c:running b:running a:running");
}

TEST_CASE("retry_now starts the whole group of the child that waits, once",
          "[group_pauses]") {
  group_of_three x{{.backoff = doubling}};
  x.w.tell("b", die{crash()});
  x.w.journal.clear();
  auto order = x.w.order(retry_now{"b"});
  REQUIRE(order.ok());
  CHECK(order.value() == x.w.info("b").incarnation);
  x.w.advance(1h);
  CHECK(x.w.happened() == "start a, start b, start c");
}

TEST_CASE("a retry_now whose start fails in a group says so, and the group "
          "pauses longer",
          "[group_pauses]") {
  group_of_three x{{.backoff = doubling}};
  x.w.tell("b", die{crash()});
  x.w.child("b").start = mode::refuse;
  CHECK(x.w.order(retry_now{"b"}).failed_with(sup_errc::start_failed));
  CHECK(x.w.info("b").status == child_status::restarting);
  CHECK(x.w.info("b").next_start_in == 200ms);
  x.w.child("b").start = mode::spawn;
  x.w.advance(200ms);
  CHECK(x.w.which() == "c:running b:running a:running");
}

TEST_CASE("a child that exceeds its own limit restarts no group, and stays "
          "behind when its group restarts",
          "[group_pauses]") {
  group_of_three x{{.max_total_restarts = 0}};
  x.w.tell("b", die{crash()});
  CHECK(x.w.happened() == "end b");
  CHECK(x.w.which() == "c:running b:stopped a:running");
  x.w.tell("a", die{crash()});
  CHECK(x.w.child("a").starts == 2);
  CHECK(x.w.child("b").starts == 1);
  CHECK(x.w.child("c").starts == 2);
  CHECK(x.w.which() == "c:running b:stopped a:running");
  CHECK(x.w.order(restart_child{"b"}).ok());
  x.w.tell("a", die{crash()});
  CHECK(x.w.which() == "c:running b:running a:running");
}

TEST_CASE("a group goes on without the member whose start fails fatally",
          "[group_pauses]") {
  group_of_three x{{.classify = [](const exit_info& how) {
    return how.kind == exit_kind::start_failed ? exit_class::fatal : how.cls;
  }}};
  x.w.child("b").start = mode::throw_init;
  x.w.tell("a", die{crash()});
  CHECK(x.w.which() == "c:running b:stopped a:running");
  CHECK(x.w.info("b").given_up);
  CHECK(std::ranges::count(x.w.events, kind::child_given_up,
                           &supervision_event::what)
        == 1);
  CHECK(x.w.statistics().restarts == 1);
}

TEST_CASE("a significant child that exceeds its own limit does not end its "
          "supervisor, one whose end is fatal does",
          "[group_pauses]") {
  world limited;
  start_significant(limited, {.max_total_restarts = 0});
  CHECK_FALSE(limited.supervisor_end);
  CHECK(limited.info("c").given_up);
  world fatal;
  start_significant(
    fatal, {.classify = [](const exit_info&) { return exit_class::fatal; }});
  CHECK(fatal.supervisor_end);
}

TEST_CASE("a fatal end of a member that is being stopped leaves it behind",
          "[group_pauses]") {
  group_of_three x{
    {.classify = [](const exit_info&) { return exit_class::fatal; }}};
  x.w.child("c").deaf = true;
  CHECK(x.w.order(cycle_child{"c"}).ok());
  x.w.tell("a", die{crash()});
  x.w.tell("b", die{crash()});
  x.w.advance(5s);
  CHECK(x.w.which() == "c:running b:stopped a:running");
  CHECK(x.w.info("b").given_up);
}

TEST_CASE("a group that is aborted does not name a member that was given up",
          "[group_pauses]") {
  group_of_three x{
    {.classify = [](const exit_info&) { return exit_class::fatal; }}};
  x.w.child("c").deaf = true;
  CHECK(x.w.order(cycle_child{"c"}).ok());
  x.w.child("a").start = mode::refuse;
  x.w.tell("a", die{crash()});
  x.w.tell("b", die{crash()});
  x.w.advance(5s);
  CHECK(x.w.which() == "c:stopped b:stopped a:restarting");
  CHECK(x.w.order(terminate_child{"a"}).ok());
  REQUIRE(x.w.events.back().what == kind::group_aborted);
  CHECK(x.w.events.back().others == std::vector<std::string>{"c"});
}

TEST_CASE("a member whose own pause is over as its group is stopped waits for "
          "the group",
          "[group_pauses]") {
  world w;
  w.start({.strategy = restart_strategy::rest_for_one,
           .intensity = 100,
           .period = 1h},
          {w.spec("a"), w.spec("b")});
  w.child("a").start = mode::refuse;
  w.tell("a", die{crash()});
  CHECK(w.order(restart_child{"b"}).ok());
  w.child("b").start = mode::refuse;
  w.tell("b", die{crash()});
  CHECK(w.which() == "b:restarting a:restarting");
  w.advance(10ms);
  CHECK(w.which() == "b:stopped a:restarting");
  CHECK(w.order(terminate_child{"a"}).ok());
  REQUIRE(w.events.back().what == kind::group_aborted);
  CHECK(w.events.back().others == std::vector<std::string>{"b"});
}

} // namespace group_pauses_test
