#include <pyactor/supervisors/engine/group_restart.hpp>

#include <catch2/catch_test_macros.hpp>

namespace group_restart_test {

using namespace pyactor::supervisors;
using namespace pyactor::supervisors::engine;
using phase = child_phase;

namespace {

child_state in(phase where, stop_cause cause = stop_cause::request) {
  return {where, 7, start_cause::init, cause};
}

} // namespace

TEST_CASE("a group stops what lives, and waits for what it has told to stop",
          "[group_restart]") {
  for (auto failed : {false, true}) {
    CHECK(when_stopping(in(phase::stopped), failed) == group_step::skip);
    CHECK(when_stopping(in(phase::starting), failed) == group_step::act);
    CHECK(when_stopping(in(phase::running), failed) == group_step::act);
    for (auto other : {stop_cause::request, stop_cause::cycle,
                       stop_cause::failed_start, stop_cause::start_ignored})
      CHECK(when_stopping(in(phase::stopping, other), failed)
            == group_step::act);
    CHECK(when_stopping(in(phase::stopping, stop_cause::group), failed)
          == group_step::wait);
  }
}

TEST_CASE("a group calls off each pending restart but that of its cause",
          "[group_restart]") {
  CHECK(when_stopping(in(phase::restarting), false) == group_step::act);
  CHECK(when_stopping(in(phase::restarting), true) == group_step::skip);
}

TEST_CASE("a group starts each member once, when the one before is ready",
          "[group_restart]") {
  for (auto where : {phase::stopped, phase::restarting}) {
    CHECK(when_starting(in(where), false) == group_step::act);
    CHECK(when_starting(in(where), true) == group_step::skip);
  }
  CHECK(when_starting(in(phase::starting), true) == group_step::wait);
  CHECK(when_starting(in(phase::stopping), true) == group_step::wait);
  CHECK(when_starting(in(phase::running), true) == group_step::skip);
}

} // namespace group_restart_test
