#include <pyactor/supervisors/child_limits.hpp>

#include <catch2/catch_test_macros.hpp>

namespace child_limits_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using time_point = child_limits::time_point;

TEST_CASE("a child without limits of its own may restart for ever",
          "[child_limits]") {
  child_limits limits;
  for (int i = 0; i < 1000; ++i)
    CHECK(limits.add(time_point{1s}));
}

TEST_CASE("a child may restart as often as its total says, however slowly",
          "[child_limits]") {
  for (uint64_t total : {0u, 1u, 5u}) {
    child_limits limits{std::nullopt, total};
    auto now = time_point{};
    for (uint64_t i = 0; i < total; ++i)
      CHECK(limits.add(now += 100h));
    for (int i = 0; i < 3; ++i)
      CHECK_FALSE(limits.add(now += 100h));
  }
}

TEST_CASE("a child may restart as often within a period as its limit says",
          "[child_limits]") {
  child_limits limits{restart_limit{2, 10s}, std::nullopt};
  CHECK(limits.add(time_point{0s}));
  CHECK(limits.add(time_point{5s}));
  CHECK(limits.add(time_point{10s + 1ns}));
  CHECK_FALSE(limits.add(time_point{15s}));
}

TEST_CASE("with both limits the first that is reached counts",
          "[child_limits]") {
  child_limits slow{restart_limit{1, 10s}, 3};
  CHECK(slow.add(time_point{0s}));
  CHECK(slow.add(time_point{11s}));
  CHECK(slow.add(time_point{22s}));
  CHECK_FALSE(slow.add(time_point{33s}));
  child_limits fast{restart_limit{1, 10s}, 3};
  CHECK(fast.add(time_point{0s}));
  CHECK_FALSE(fast.add(time_point{10s}));
}

TEST_CASE("new limits of a child count what was there", "[child_limits]") {
  child_limits limits{restart_limit{9, 1h}, std::nullopt};
  CHECK(limits.add(time_point{1s}));
  CHECK(limits.add(time_point{2s}));
  SECTION("in all") {
    limits.change(std::nullopt, 3, time_point{3s});
    CHECK(limits.add(time_point{3s}));
    CHECK_FALSE(limits.add(time_point{100h}));
  }
  SECTION("in the window") {
    limits.change(restart_limit{2, 10s}, std::nullopt, time_point{3s});
    CHECK_FALSE(limits.add(time_point{3s}));
  }
  SECTION("and none allow all") {
    limits.change(std::nullopt, std::nullopt, time_point{3s});
    for (int i = 0; i < 100; ++i)
      CHECK(limits.add(time_point{3s}));
  }
}

} // namespace child_limits_test
