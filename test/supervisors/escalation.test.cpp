#include <pyactor/test/supervisors/simple_world.hpp>
#include <pyactor/test/supervisors/world.hpp>
#include <pyactor/test/support/another_process.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <stdexcept>

namespace escalation_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using kind = supervision_event::kind;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[escalation]")

namespace {

supervisor_flags flags(limit_policy on_limit, restart_strategy strategy
                                              = restart_strategy::one_for_one) {
  return {.strategy = strategy,
          .intensity = 2,
          .period = 10s,
          .on_limit = std::move(on_limit)};
}

/// Children a, c and z, of which c crashes.
struct crashing_child {
  explicit crashing_child(supervisor_flags what) {
    w.start(std::move(what), {w.spec("a"), w.spec("c"), w.spec("z")});
  }

  void crash_often(int times = 3) {
    for (int i = 0; i < times; ++i)
      w.tell("c", die{crash("again")});
  }

  ptrdiff_t events(kind what) {
    return std::ranges::count(w.events, what, &supervision_event::what);
  }

  bool gave_up() {
    return w.supervisor_end
           && *w.supervisor_end == caf::make_error(sup_errc::give_up);
  }

  world w;
};

} // namespace

// -- shutdown_self ------------------------------------------------------------

TEST("unless it is told otherwise, a supervisor with too many restarts ends") {
  crashing_child x{{.intensity = 2}};
  x.crash_often(2);
  CHECK_FALSE(x.w.supervisor_end);
  x.crash_often(1);
  CHECK(x.gave_up());
  CHECK(x.events(kind::give_up) == 1);
}

// -- stop_child ---------------------------------------------------------------

TEST("stop_child stops the child whose restart is one too many, for good, and "
     "nobody else") {
  crashing_child x{flags(escalation::stop_child)};
  x.crash_often();
  CHECK(x.w.which() == "z:running c:stopped a:running");
  CHECK(x.w.info("c").given_up);
  x.w.advance(1000h);
  CHECK(x.w.child("c").starts == 3);
  CHECK(x.w.child("a").starts == 1);
  CHECK_FALSE(x.w.supervisor_end);
  CHECK(x.events(kind::child_given_up) == 1);
  CHECK(x.w.events.back().exit->message == "again");
  CHECK(x.events(kind::give_up) == 0);
  CHECK(x.w.statistics().escalations == 1);
}

TEST("the restart that stop_child refuses counts nowhere") {
  crashing_child x{flags(escalation::stop_child)};
  x.crash_often(2);
  x.w.advance(6s);
  x.crash_often(1);
  CHECK(x.w.statistics().restarts == 2);
  CHECK(x.w.statistics().window_used == 2);
  x.w.advance(5s);
  for (int i = 0; i < 2; ++i)
    x.w.tell("a", die{crash()});
  CHECK(x.w.info("a").status == child_status::running);
}

TEST("with stop_child, each child that crashes while the window is full is "
     "stopped") {
  crashing_child x{flags(escalation::stop_child)};
  x.crash_often();
  x.w.tell("a", die{crash()});
  CHECK(x.w.which() == "z:running c:stopped a:stopped");
  x.w.advance(11s);
  x.w.tell("z", die{crash()});
  CHECK(x.w.which() == "z:running c:stopped a:stopped");
}

TEST("an order starts a child again that stop_child has stopped") {
  crashing_child x{flags(escalation::stop_child)};
  x.crash_often();
  CHECK(x.w.order(restart_child{"c"}).ok());
  CHECK_FALSE(x.w.info("c").given_up);
  x.w.advance(11s);
  x.crash_often(2);
  CHECK(x.w.info("c").status == child_status::running);
}

TEST("stop_child stops a child whose start fails again and again") {
  crashing_child x{flags(escalation::stop_child)};
  x.w.child("c").start = GENERATE(mode::refuse, mode::throw_init);
  x.crash_often(1);
  for (int i = 0; i < 10; ++i)
    x.w.advance(10ms);
  CHECK(x.w.which() == "z:running c:stopped a:running");
  CHECK(x.w.child("c").starts == 3);
  CHECK(x.w.info("c").given_up);
}

TEST("with stop_child, the crash that is one too many takes no group along") {
  crashing_child x{
    flags(escalation::stop_child, GENERATE(restart_strategy::one_for_all,
                                           restart_strategy::rest_for_one))};
  x.crash_often();
  CHECK(x.w.which() == "z:running c:stopped a:running");
  CHECK(x.w.child("z").starts == 3);
}

TEST("with stop_child, a group comes back without the member that cannot "
     "start") {
  crashing_child x{
    flags(escalation::stop_child, GENERATE(restart_strategy::one_for_all,
                                           restart_strategy::rest_for_one))};
  x.w.child("c").start = mode::refuse;
  x.crash_often(1);
  for (int i = 0; i < 10; ++i)
    x.w.advance(10ms);
  CHECK(x.w.which() == "z:running c:stopped a:running");
  CHECK(x.w.info("c").given_up);
  CHECK_FALSE(x.w.supervisor_end);
}

TEST("a significant child that stop_child stops ends nobody") {
  world w;
  auto spec = w.spec("c", restart_type::transient);
  spec.significant = true;
  auto with = flags(escalation::stop_child);
  with.auto_shutdown = auto_shutdown::any_significant;
  w.start(with, {spec, w.spec("z")});
  for (int i = 0; i < 3; ++i)
    w.tell("c", die{crash()});
  CHECK(w.which() == "z:running c:stopped");
}

TEST("a child on demand that stop_child stops is gone") {
  simple_world w{restart_type::permanent, flags(escalation::stop_child)};
  w.add(2);
  for (int i = 0; i < 3; ++i)
    w.tell("c-1", die{crash()});
  CHECK(w.which() == "c-2:running");
}

// -- keep_backoff -------------------------------------------------------------

TEST("with keep_backoff, a child never stops to come back, each time after the "
     "longest pause") {
  crashing_child x{flags(escalation::keep_backoff)};
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 3; ++k)
      if (x.w.info("c").status == child_status::running)
        x.crash_often(1);
    CHECK(x.w.info("c").next_start_in == 10s);
    CHECK(x.w.events.back().what == kind::restart_scheduled);
    x.w.advance(10s - 1ns);
    CHECK(x.w.info("c").status == child_status::restarting);
    x.w.advance(1ns);
    CHECK(x.w.info("c").status == child_status::running);
  }
  CHECK(x.w.statistics().escalations == 100);
  CHECK_FALSE(x.w.supervisor_end);
  CHECK(x.w.child("a").starts == 1);
}

TEST("with keep_backoff, the longest pause is that of the child's backoff") {
  world w;
  auto spec = w.spec("c");
  spec.backoff = restart_backoff{.initial = 1ms, .max = 3s, .jitter = 0};
  w.start(flags(escalation::keep_backoff), {spec});
  w.tell("c", die{crash()});
  CHECK(w.info("c").next_start_in == 1ms);
  w.advance(1ms);
  w.tell("c", die{crash()});
  CHECK(w.info("c").next_start_in == 2ms);
  w.advance(2ms);
  w.tell("c", die{crash()});
  CHECK(w.info("c").next_start_in == 3s);
}

TEST("with keep_backoff, a group is stopped at once and comes back after the "
     "pause") {
  crashing_child x{
    flags(escalation::keep_backoff, restart_strategy::one_for_all)};
  x.crash_often();
  CHECK(x.w.which() == "z:stopped c:restarting a:stopped");
  x.w.advance(10s);
  CHECK(x.w.which() == "z:running c:running a:running");
}

TEST("keep_backoff sets no limit of a child's own aside") {
  world w;
  auto spec = w.spec("c");
  spec.max_total_restarts = 3;
  w.start(flags(escalation::keep_backoff), {spec});
  for (int i = 0; i < 4; ++i) {
    w.tell("c", die{crash()});
    w.advance(10s);
  }
  CHECK(w.info("c").given_up);
}

// -- a function ---------------------------------------------------------------

TEST("a function is told which child, how it ended, and how things are") {
  std::vector<limit_exceeded> told;
  crashing_child x{flags([&](const limit_exceeded& what) {
    told.push_back(what);
    return escalation::keep_backoff;
  })};
  x.crash_often(2);
  CHECK(told.empty());
  x.crash_often(1);
  REQUIRE(told.size() == 1);
  CHECK(told[0].id == "c");
  CHECK(told[0].last_exit->message == "again");
  CHECK(told[0].statistics.window_used == 3);
  CHECK(x.w.info("c").next_start_in == 10s);
}

TEST("a function decides from case to case") {
  crashing_child x{flags([](const limit_exceeded& what) {
    return what.id == "c" ? escalation::stop_child : escalation::shutdown_self;
  })};
  x.crash_often();
  CHECK(x.w.which() == "z:running c:stopped a:running");
  x.w.tell("a", die{crash()});
  CHECK(x.gave_up());
}

TEST("a supervisor whose function throws gives up, and says so") {
  crashing_child x{flags([](const limit_exceeded&) -> escalation { //
    throw std::runtime_error{"undecided"};
  })};
  x.w.child("z").deaf = true;
  x.w.order(cycle_child{"z"});
  x.crash_often();
  CHECK_FALSE(x.w.supervisor_end); // the stop takes a while
  CHECK(x.w.statistics().escalation_errors == 1);
  x.w.advance(10s);
  CHECK(x.gave_up());
}

TEST("a supervisor without a function where it is to have one is refused") {
  auto checked = check_supervisor(flags(escalation_fn{}), {});
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == sup_errc::invalid_spec);
  CHECK(checked.error().message == "on_limit has no function");
}

TEST("a reload changes what follows too many restarts at once") {
  crashing_child x{flags(escalation::shutdown_self)};
  x.crash_often(2);
  x.w.reload(flags(escalation::stop_child),
             {x.w.spec("a"), x.w.spec("c"), x.w.spec("z")}, reload_mode::otp);
  x.crash_often(1);
  CHECK(x.w.which() == "z:running c:stopped a:running");
}

// -- abort_process ------------------------------------------------------------

TEST("abort_process ends the process with the restart that is one too many, "
     "and says why") {
  auto crashes = GENERATE(2, 3);
  auto end = pyactor::test::in_another_process([&] {
    crashing_child x{flags(escalation::abort_process)};
    x.crash_often(crashes);
  });
  if (crashes == 2) {
    CHECK(end.exited_with(0));
    CHECK(end.said.empty());
  } else {
    CHECK(end.aborted());
    CHECK(end.said.ends_with("ends the process: give_up 'c': too many "
                             "restarts; last exit error: again\n"));
  }
}

} // namespace escalation_test
