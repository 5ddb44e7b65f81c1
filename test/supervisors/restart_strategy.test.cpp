#include <pyactor/supervisors/restart_strategy.hpp>

#include <catch2/catch_test_macros.hpp>

namespace restart_strategy_test {

using namespace pyactor::supervisors;

namespace {

constexpr start_position positions[] = {1, 2, 100'000};

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

} // namespace restart_strategy_test
