#include <pyactor/supervisors/engine/deadlines.hpp>

#include <catch2/catch_test_macros.hpp>

namespace deadlines_test {

using pyactor::supervisors::engine::deadlines;
using namespace std::chrono_literals;
using time_point = deadlines::time_point;

TEST_CASE("deadlines come due in the order of time, not of setting",
          "[deadlines]") {
  deadlines all;
  all.set(1, time_point{3s});
  all.set(2, time_point{1s});
  all.set(3, time_point{2s});
  CHECK(all.next() == time_point{1s});
  CHECK_FALSE(all.pop_due(time_point{1s - 1ns}));
  CHECK(all.pop_due(time_point{2s}) == 2);
  CHECK(all.pop_due(time_point{2s}) == 3);
  CHECK_FALSE(all.pop_due(time_point{2s}));
  CHECK(all.next() == time_point{3s});
}

TEST_CASE("a child has one deadline at most: the one set last", "[deadlines]") {
  deadlines all;
  all.set(1, time_point{1s});
  all.set(1, time_point{5s});
  CHECK_FALSE(all.pop_due(time_point{4s}));
  CHECK(all.pop_due(time_point{5s}) == 1);
  CHECK(all.next() == time_point::max());
}

TEST_CASE("a cleared deadline never comes", "[deadlines]") {
  deadlines all;
  all.set(1, time_point{1s});
  all.clear(1);
  all.clear(2);
  CHECK_FALSE(all.pop_due(time_point{1h}));
  CHECK(all.next() == time_point::max());
}

TEST_CASE("a deadline can be looked up until it is cleared or due",
          "[deadlines]") {
  deadlines all;
  CHECK_FALSE(all.find(1));
  all.set(1, time_point{1s});
  all.set(1, time_point{3s});
  all.set(2, time_point{2s});
  CHECK(all.find(1) == time_point{3s});
  CHECK(all.pop_due(time_point{2s}) == 2);
  CHECK_FALSE(all.find(2));
  all.clear(1);
  CHECK_FALSE(all.find(1));
}

TEST_CASE("a child has a deadline for each purpose", "[deadlines]") {
  using enum pyactor::supervisors::engine::timer_purpose;
  using pyactor::supervisors::engine::timer;
  deadlines all;
  all.set(1, time_point{4s});
  all.set({1, readiness}, time_point{2s});
  all.set({1, liveness}, time_point{1s});
  all.set({1, liveness}, time_point{3s});
  all.set({2, liveness}, time_point{5s});
  CHECK(all.find({1, step}) == time_point{4s});
  CHECK_FALSE(all.find({1, startup}));
  CHECK(all.pop_due(time_point{9s}) == timer{1, readiness});
  CHECK(all.pop_due(time_point{9s}) == timer{1, liveness});
  all.clear(1);
  CHECK(all.pop_due(time_point{9s}) == timer{2, liveness});
  CHECK_FALSE(all.pop_due(time_point{9s}));
}

TEST_CASE("all deadlines of a child move with it", "[deadlines]") {
  using enum pyactor::supervisors::engine::timer_purpose;
  using pyactor::supervisors::engine::timer;
  deadlines all;
  auto when = time_point{1s};
  for (auto purpose : {step, startup, liveness, readiness})
    all.set({1, purpose}, when += 1s);
  all.move(1, 7);
  for (auto purpose : {step, startup, liveness, readiness})
    CHECK(all.pop_due(time_point{9s}) == timer{7, purpose});
  CHECK(all.next() == time_point::max());
}

} // namespace deadlines_test
