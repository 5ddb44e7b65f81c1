#include <pyactor/runtime/loop/gil_probe.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>

namespace gil_probe_test {

using namespace pyactor::runtime::loop;
using namespace std::chrono_literals;

namespace {

using clock_type = activity::clock;
using step = gil_probe::step;

clock_type::time_point at(std::chrono::milliseconds time) {
  return clock_type::time_point{time};
}

/// Looks at a thread that is inside Python.
struct observer {
  step look(std::chrono::milliseconds now, uint64_t turn = 1) {
    activity::snapshot runs;
    runs.turn = turn;
    runs.in_python = in_python;
    auto advice = probe.look(runs, under_way, at(now), patience);
    next = advice.look_at;
    return advice.what;
  }

  gil_probe probe;
  bool in_python = true;
  bool under_way = false;
  clock_type::duration patience = 100ms;
  std::optional<clock_type::time_point> next;
};

} // namespace

TEST_CASE("a turn that stays in Python is probed, and told once where that "
          "does not come back",
          "[gil_probe]") {
  observer watch;
  CHECK(watch.look(50ms) == step::none);
  CHECK(watch.next == at(150ms));
  CHECK(watch.look(149ms) == step::none);
  CHECK(watch.look(150ms) == step::probe);
  CHECK(watch.next == at(250ms));
  watch.under_way = true;
  CHECK(watch.look(249ms) == step::none);
  CHECK(watch.next == at(250ms));
  CHECK(watch.look(250ms) == step::wedged);
  CHECK_FALSE(watch.next);
  CHECK(watch.look(1h) == step::none);
}

TEST_CASE("a turn whose GIL was had is probed again later", "[gil_probe]") {
  observer watch;
  CHECK(watch.look(0ms) == step::none);
  CHECK(watch.look(100ms) == step::probe);
  CHECK(watch.look(200ms) == step::none);
  CHECK(watch.next == at(300ms));
  CHECK(watch.look(300ms) == step::probe);
}

TEST_CASE("the next turn has all of its time", "[gil_probe]") {
  observer watch;
  CHECK(watch.look(0ms) == step::none);
  SECTION("before a probe") {
    CHECK(watch.look(100ms, 2) == step::none);
    CHECK(watch.look(200ms, 2) == step::probe);
  }
  SECTION("during one") {
    CHECK(watch.look(100ms) == step::probe);
    watch.under_way = true;
    CHECK(watch.look(200ms, 2) == step::none);
    CHECK(watch.look(300ms, 2) == step::probe);
  }
}

TEST_CASE("there is no probe outside of Python, nor without a patience",
          "[gil_probe]") {
  observer watch;
  SECTION("outside of Python") {
    watch.in_python = false;
  }
  SECTION("without a patience") {
    watch.patience = 0ms;
  }
  CHECK(watch.look(0ms) == step::none);
  CHECK_FALSE(watch.next);
  CHECK(watch.look(24h) == step::none);
}

} // namespace gil_probe_test
