#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>

namespace own_limits_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using kind = supervision_event::kind;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 1000, .period = 1000h};

/// A child "c" with limits of its own, in the middle of siblings.
struct limited_child {
  limited_child(std::optional<restart_limit> limit,
                std::optional<uint64_t> total, supervisor_flags flags = many) {
    auto spec = w.spec("c");
    spec.limit = limit;
    spec.max_total_restarts = total;
    w.start(std::move(flags), {w.spec("a"), spec, w.spec("z")});
  }

  void crash_once() {
    w.tell("c", die{crash("again")});
  }

  world w;
};

} // namespace

TEST_CASE("a child that exceeds its own limit is stopped for good, and nobody "
          "else is",
          "[own_limits]") {
  limited_child x{restart_limit{2, 10s}, {}};
  x.crash_once();
  x.crash_once();
  CHECK(x.w.info("c").status == child_status::running);
  CHECK_FALSE(x.w.info("c").given_up);
  x.crash_once();
  CHECK(x.w.which() == "z:running c:stopped a:running");
  CHECK(x.w.info("c").given_up);
  x.w.advance(1000h);
  CHECK(x.w.child("c").starts == 3);
  CHECK(x.w.child("a").starts == 1);
  CHECK(x.w.child("z").starts == 1);
  CHECK_FALSE(x.w.supervisor_end);
  CHECK(std::ranges::count(x.w.events, kind::child_given_up,
                           &supervision_event::what)
        == 1);
  CHECK(x.w.events.back().what == kind::child_given_up);
  CHECK(x.w.events.back().id == "c");
  CHECK(x.w.events.back().exit->message == "again");
}

TEST_CASE("crashes further apart than the period of a child's own limit go on "
          "for ever",
          "[own_limits]") {
  limited_child x{restart_limit{1, 1s}, {}};
  for (int i = 0; i < 10; ++i) {
    x.crash_once();
    x.w.advance(1s + 1ns);
  }
  CHECK(x.w.info("c").status == child_status::running);
  x.crash_once();
  x.w.advance(1s);
  x.crash_once();
  CHECK(x.w.info("c").status == child_status::stopped);
}

TEST_CASE("a child restarts no more often in all than its spec says, however "
          "rarely it crashes",
          "[own_limits]") {
  limited_child x{{}, 3};
  for (int i = 0; i < 4; ++i) {
    CHECK(x.w.info("c").status == child_status::running);
    x.crash_once();
    x.w.advance(1000h);
  }
  CHECK(x.w.child("c").starts == 4);
  CHECK(x.w.info("c").given_up);
}

TEST_CASE("with a total of 0 the first crash is the last", "[own_limits]") {
  limited_child x{{}, 0};
  x.crash_once();
  CHECK(x.w.child("c").starts == 1);
  CHECK(x.w.info("c").given_up);
}

TEST_CASE("the restart that a child's own limit refuses costs its supervisor "
          "nothing",
          "[own_limits]") {
  limited_child x{{}, 2, {.intensity = 2, .period = 1h}};
  for (int i = 0; i < 3; ++i)
    x.crash_once();
  CHECK_FALSE(x.w.supervisor_end);
  CHECK(x.w.statistics().restarts == 2);
  CHECK(x.w.statistics().window_used == 2);
}

TEST_CASE("a supervisor gives up on the child that its own intensity counts, "
          "whatever the child's limits are",
          "[own_limits]") {
  limited_child x{restart_limit{100, 1h}, 100, {.intensity = 1}};
  x.crash_once();
  x.crash_once();
  REQUIRE(x.w.supervisor_end);
  CHECK(*x.w.supervisor_end == caf::make_error(sup_errc::give_up));
}

TEST_CASE("each new try of a restart whose start failed counts against the "
          "child's own limit",
          "[own_limits]") {
  limited_child x{{}, 3};
  x.w.child("c").start = GENERATE(mode::refuse, mode::throw_init);
  x.crash_once();
  for (int i = 0; i < 10; ++i)
    x.w.advance(10ms);
  CHECK(x.w.child("c").starts == 4);
  CHECK(x.w.info("c").status == child_status::stopped);
  CHECK(x.w.info("c").given_up);
}

TEST_CASE("an order that starts a child that was given up arms its limits anew",
          "[own_limits]") {
  limited_child x{restart_limit{1, 1h}, 5};
  x.crash_once();
  x.crash_once();
  REQUIRE(x.w.info("c").given_up);
  SECTION("restart_child") {
    CHECK(x.w.order(restart_child{"c"}).ok());
  }
  SECTION("cycle_child") {
    CHECK(x.w.order(cycle_child{"c"}).ok());
  }
  CHECK_FALSE(x.w.info("c").given_up);
  x.crash_once();
  CHECK(x.w.info("c").status == child_status::running);
  x.crash_once();
  CHECK(x.w.info("c").given_up);
}

TEST_CASE("a child that was given up can be deleted, and its id used again",
          "[own_limits]") {
  limited_child x{{}, 0};
  x.crash_once();
  CHECK(x.w.order(start_child{x.w.spec("c")})
          .failed_with(sup_errc::already_present));
  CHECK(x.w.order(delete_child{"c"}).ok());
  CHECK(x.w.order(start_child{x.w.spec("c")}).ok());
  CHECK_FALSE(x.w.info("c").given_up);
  x.crash_once();
  CHECK(x.w.info("c").status == child_status::running);
}

TEST_CASE("a spec whose limit has no period, or an endless one, is refused",
          "[own_limits]") {
  world w;
  w.start(many, {});
  auto spec = w.spec("c");
  spec.limit = restart_limit{1, GENERATE(0ns, -1ns, forever)};
  auto order = w.order(start_child{spec});
  CHECK(order.failed_with(sup_errc::invalid_spec));
  CHECK(order.error().message
        == "the period of a limit must be positive, and not forever");
}

} // namespace own_limits_test
