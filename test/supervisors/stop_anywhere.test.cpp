// What a supervisor leaves behind that ends at any point of a run: nothing.

#include <pyactor/test/supervisors/scripted_run.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace stop_anywhere_test {

using beginning = scripted_run::beginning;

namespace {

/// How long those may take that had lost a supervisor before.
constexpr scripted_run::duration of_orphans = std::chrono::seconds{5};

bool is_over(const outcome_ptr& what) {
  return what->all() == 1;
}

/// @returns whether a supervisor that operates is to end by a request to stop
bool stops_by_request(scripted_run& run) {
  using enum scripted_run::ending;
  auto how = run.how_it_ends;
  return run.is_operating() && (how == order || how == force || how == call);
}

void end(scripted_run& run) {
  auto& w = run.w;
  CAPTURE(run.how_it_ends);
  auto bound
    = w.supervisor_end ? scripted_run::duration{0} : run.longest_stop();
  auto begin = w.now();
  run.stop();
  while (!w.supervisor_end && w.advance_to_next()) {
  }
  REQUIRE(w.supervisor_end);
  CHECK(w.now() - begin <= bound);
  if (!run.may_have_orphans)
    CHECK_FALSE(w.has_timer());
  while (w.now() - begin <= bound + of_orphans && w.advance_to_next()) {
  }
  CHECK(w.now() - begin <= bound + of_orphans);
  CHECK_FALSE(w.has_timer());
  if (w.ref)
    CHECK(w.ref->stop(scripted_run::duration{0}));
}

void check_that_nothing_is_left(scripted_run& run) {
  auto& w = run.w;
  CHECK(run.only_the_stuck_live());
  run.release_the_stuck();
  CHECK(std::ranges::all_of(run.outcomes, is_over));
  auto supervisor = w.supervisor.address();
  run.let_go();
  CHECK_FALSE(w.has_timer());
  CHECK(w.system.registry().running() == 0);
  // Nor does any hidden actor hold one of them.
  CHECK_FALSE(pyactor::runtime::upgrade(supervisor));
  for (const auto& who : run.incarnations())
    CHECK_FALSE(pyactor::runtime::upgrade(who));
}

} // namespace

TEST_CASE("a supervisor that ends at any point of a run does so within its "
          "bound, and leaves no actor and no timer",
          "[stop_anywhere]") {
  auto operating = 0;
  auto stops = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    scripted_run run{seed, beginning::plain};
    run.operate();
    operating += run.is_operating();
    stops += stops_by_request(run);
    end(run);
    check_that_nothing_is_left(run);
  }
  CHECK(operating >= 360);
  CHECK(stops >= 200);
}

TEST_CASE("a supervisor that ends before it has started does so within its "
          "bound, and leaves no actor and no timer",
          "[stop_anywhere]") {
  auto blocked = 0;
  for (unsigned seed = 201; seed <= 230; ++seed) {
    CAPTURE(seed);
    scripted_run run{seed, beginning::disturbed};
    blocked += !run.w.supervisor_end && !run.is_operating();
    end(run);
    check_that_nothing_is_left(run);
  }
  CHECK(blocked >= 5);
}

} // namespace stop_anywhere_test
