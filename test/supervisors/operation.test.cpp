#include <pyactor/supervisors/operation.hpp>

#include <catch2/catch_test_macros.hpp>

namespace operation_test {

using namespace pyactor::supervisors;

namespace {

struct row {
  const char* what;
  child_state state;
  admission start, restart, cycle, retry, terminate, del;
};

using enum admission;
using phase = child_phase;
using from = start_cause;
using to = stop_cause;

const row table[] = {
  {"stopped",
   {phase::stopped},
   already_present,
   run,
   run,
   not_waiting,
   done,
   run},
  {"starting because of init",
   {phase::starting, 1, from::init},
   already_started,
   queue,
   queue,
   not_waiting,
   run,
   running},
  {"starting because of a caller",
   {phase::starting, 1, from::request},
   already_started,
   queue,
   queue,
   not_waiting,
   run,
   running},
  {"starting again by itself",
   {phase::starting, 1, from::automatic},
   already_present,
   restarting,
   restarting,
   not_waiting,
   run,
   restarting},
  {"running",
   {phase::running, 1, from::automatic},
   already_started,
   running,
   run,
   running,
   run,
   running},
  {"stopping because of a caller",
   {phase::stopping, 1, from::automatic, to::request},
   queue,
   queue,
   queue,
   not_waiting,
   run,
   queue},
  {"stopping because of a reset",
   {phase::stopping, 1, from::init, to::cycle},
   queue,
   queue,
   join,
   not_waiting,
   run,
   queue},
  {"stopping because a caller's start failed",
   {phase::stopping, 1, from::request, to::failed_start},
   queue,
   queue,
   queue,
   not_waiting,
   run,
   queue},
  {"stopping because a restart failed",
   {phase::stopping, 1, from::automatic, to::failed_start},
   already_present,
   restarting,
   restarting,
   not_waiting,
   run,
   restarting},
  {"stopping because a caller's start has nothing to do",
   {phase::stopping, 1, from::request, to::start_ignored},
   queue,
   queue,
   queue,
   not_waiting,
   run,
   queue},
  {"stopping because a restart has nothing to do",
   {phase::stopping, 1, from::automatic, to::start_ignored},
   already_present,
   restarting,
   restarting,
   not_waiting,
   run,
   restarting},
  {"waiting for its restart",
   {phase::restarting, 1, from::automatic},
   already_present,
   restarting,
   restarting,
   run,
   run,
   restarting},
};

} // namespace

TEST_CASE("every order meets every state as the table of results says",
          "[operation]") {
  for (const auto& [what, state, start, restart, cycle, retry, terminate, del] :
       table) {
    CAPTURE(what);
    CHECK(admit(operation::start_child, state) == start);
    CHECK(admit(operation::restart_child, state) == restart);
    CHECK(admit(operation::cycle_child, state) == cycle);
    CHECK(admit(operation::retry_now, state) == retry);
    CHECK(admit(operation::terminate_child, state) == terminate);
    CHECK(admit(operation::delete_child, state) == del);
  }
}

} // namespace operation_test
