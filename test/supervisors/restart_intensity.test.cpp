#include <pyactor/supervisors/restart_intensity.hpp>

#include <catch2/catch_test_macros.hpp>

namespace restart_intensity_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using time_point = restart_intensity::time_point;

TEST_CASE("the window takes its intensity and not one restart more",
          "[restart_intensity]") {
  for (uint32_t intensity : {0u, 1u, 3u, 100u}) {
    restart_intensity window{{intensity, 5s}};
    for (uint32_t i = 0; i < intensity; ++i)
      CHECK(window.add(time_point{1s}));
    CHECK_FALSE(window.add(time_point{1s}));
  }
}

TEST_CASE("two restarts exactly one period apart both count",
          "[restart_intensity]") {
  restart_intensity window{{1, 5s}};
  CHECK(window.add(time_point{2s}));
  CHECK_FALSE(window.add(time_point{7s}));
}

TEST_CASE("one nanosecond beyond the period a restart is forgotten",
          "[restart_intensity]") {
  restart_intensity window{{1, 5s}};
  CHECK(window.add(time_point{2s}));
  CHECK(window.add(time_point{7s + 1ns}));
  CHECK(window.used(time_point{7s + 1ns}) == 1);
}

TEST_CASE("whole seconds play no part in the window", "[restart_intensity]") {
  for (auto phase : {0ms, 100ms, 500ms, 899ms, 900ms, 999ms}) {
    restart_intensity late{{1, 1s}};
    CHECK(late.add(time_point{phase}));
    CHECK(late.add(time_point{phase + 1100ms}));
    restart_intensity early{{1, 1s}};
    CHECK(early.add(time_point{phase}));
    CHECK_FALSE(early.add(time_point{phase + 900ms}));
  }
}

TEST_CASE("a steady rate at the limit goes on for ever",
          "[restart_intensity]") {
  restart_intensity window{{3, 3s}};
  for (int i = 0; i < 1000; ++i)
    CHECK(window.add(time_point{i * (1s + 1ns)}));
}

TEST_CASE("a lower limit counts what was there, and forgives nothing",
          "[restart_intensity]") {
  restart_intensity window{{5, 1h}};
  for (int i = 0; i < 4; ++i)
    CHECK(window.add(time_point{1s}));
  window.change({3, 1h}, time_point{2s});
  CHECK(window.used(time_point{2s}) == 4);
  CHECK_FALSE(window.add(time_point{2s}));
}

TEST_CASE("a higher limit counts what was there", "[restart_intensity]") {
  restart_intensity window{{1, 1h}};
  CHECK(window.add(time_point{1s}));
  window.change({2, 1h}, time_point{2s});
  CHECK(window.add(time_point{2s}));
  CHECK_FALSE(window.add(time_point{3s}));
}

TEST_CASE("a shorter period forgets for good", "[restart_intensity]") {
  restart_intensity window{{2, 1h}};
  CHECK(window.add(time_point{1s}));
  CHECK(window.add(time_point{2s}));
  window.change({2, 5s}, time_point{6s + 1ns});
  CHECK(window.used(time_point{6s + 1ns}) == 1);
  window.change({2, 1h}, time_point{7s});
  CHECK(window.used(time_point{7s}) == 1);
}

TEST_CASE("the window remembers no more than it needs", "[restart_intensity]") {
  restart_intensity window{{2, 1h}};
  for (int i = 0; i < 100; ++i)
    (void)window.add(time_point{i * 1ns});
  CHECK(window.used(time_point{100ns}) == 3);
}

TEST_CASE("a restart that is taken back counts no longer",
          "[restart_intensity]") {
  restart_intensity window{{1, 10s}};
  auto begin = restart_intensity::time_point{} + 1h;
  CHECK(window.add(begin));
  CHECK_FALSE(window.add(begin + 5s));
  window.take_back();
  CHECK(window.used(begin + 5s) == 1);
  CHECK(window.add(begin + 11s));
}

} // namespace restart_intensity_test
