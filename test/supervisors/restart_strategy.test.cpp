#include <pyactor/supervisors/restart_strategy.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace pyactor::supervisors;
using phase = child_phase;

namespace {

constexpr start_position positions[] = {1, 2, 100'000};

child_state in(phase where, stop_cause cause = stop_cause::request) {
  return {where, 7, start_cause::init, cause};
}

} // namespace

TEST_CASE("one_for_one restarts the failed child and no other",
          "[restart_strategy]") {
  for (auto failed : positions) {
    auto plan = plan_restart(restart_strategy::one_for_one, failed);
    CHECK(plan == restart_plan{failed, failed});
    CHECK_FALSE(plan.is_group());
  }
}

TEST_CASE("one_for_all restarts all, whichever failed", "[restart_strategy]") {
  for (auto failed : positions) {
    auto plan = plan_restart(restart_strategy::one_for_all, failed);
    CHECK(plan.is_group());
    for (auto member : positions)
      CHECK(plan.covers(member));
  }
}

TEST_CASE("rest_for_one restarts the failed child and those after it",
          "[restart_strategy]") {
  for (auto failed : positions) {
    auto plan = plan_restart(restart_strategy::rest_for_one, failed);
    CHECK(plan.is_group());
    for (auto member : positions)
      CHECK(plan.covers(member) == (member >= failed));
  }
}

TEST_CASE("a group stops what lives, and waits for what it has told to stop",
          "[restart_strategy]") {
  for (auto failed : {false, true}) {
    CHECK(when_stopping(in(phase::stopped), failed) == group_step::skip);
    CHECK(when_stopping(in(phase::starting), failed) == group_step::act);
    CHECK(when_stopping(in(phase::running), failed) == group_step::act);
    for (auto other :
         {stop_cause::request, stop_cause::cycle, stop_cause::failed_start})
      CHECK(when_stopping(in(phase::stopping, other), failed)
            == group_step::act);
    CHECK(when_stopping(in(phase::stopping, stop_cause::group), failed)
          == group_step::wait);
  }
}

TEST_CASE("a group calls off each pending restart but that of its cause",
          "[restart_strategy]") {
  CHECK(when_stopping(in(phase::restarting), false) == group_step::act);
  CHECK(when_stopping(in(phase::restarting), true) == group_step::skip);
}

TEST_CASE("a group starts each member once, when the one before is ready",
          "[restart_strategy]") {
  for (auto where : {phase::stopped, phase::restarting}) {
    CHECK(when_starting(in(where), false) == group_step::act);
    CHECK(when_starting(in(where), true) == group_step::skip);
  }
  CHECK(when_starting(in(phase::starting), true) == group_step::wait);
  CHECK(when_starting(in(phase::stopping), true) == group_step::wait);
  CHECK(when_starting(in(phase::running), true) == group_step::skip);
}
