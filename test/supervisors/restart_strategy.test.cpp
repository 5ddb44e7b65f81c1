#include <pyactor/supervisors/restart_strategy.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace pyactor::supervisors;

TEST_CASE("one_for_one restarts the failed child and no other",
          "[restart_strategy]") {
  for (start_position failed : {1u, 2u, 100'000u})
    CHECK(plan_restart(restart_strategy::one_for_one, failed)
          == restart_plan{failed, failed});
}
