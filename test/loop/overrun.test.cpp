#include <pyactor/runtime/loop/overrun.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>

namespace overrun_test {

using namespace pyactor::runtime::loop;
using namespace std::chrono_literals;

namespace {

using clock_type = activity::clock;
using step = overrun::step;

constexpr auto grace = 100ms;

clock_type::time_point at(std::chrono::milliseconds time) {
  return clock_type::time_point{time};
}

/// A call in Python that began at 0 and may take 10 ms.
activity::snapshot running(uint64_t turn = 1) {
  return {.actor = 7,
          .turn = turn,
          .since = at(0ms),
          .in_python = true,
          .limit = 10ms,
          .deadline = at(10ms)};
}

/// Looks once.
struct observer {
  step look(const activity::snapshot& runs, std::chrono::milliseconds now) {
    auto advice = calls.look(runs, at(now), grace);
    next = advice.look_at;
    return advice.what;
  }

  overrun calls;
  std::optional<clock_type::time_point> next;
};

} // namespace

TEST_CASE("nothing is done about a call that has no limit, or has time",
          "[overrun]") {
  observer watch;
  auto idle = running();
  idle.actor = 0;
  CHECK(watch.look(idle, 1h) == step::none);
  CHECK_FALSE(watch.next);
  auto unlimited = running();
  unlimited.limit = 0ms;
  CHECK(watch.look(unlimited, 1h) == step::none);
  CHECK_FALSE(watch.next);
  CHECK(watch.look(running(), 9ms) == step::none);
  CHECK(watch.next == at(10ms));
}

TEST_CASE("a call is interrupted at its deadline, once more after half of the "
          "grace, and given up at its end",
          "[overrun]") {
  observer watch;
  CHECK(watch.look(running(), 10ms) == step::interrupt);
  CHECK(watch.next == at(60ms));
  CHECK(watch.look(running(), 59ms) == step::none);
  CHECK(watch.next == at(60ms));
  CHECK(watch.look(running(), 60ms) == step::interrupt);
  CHECK(watch.next == at(110ms));
  CHECK(watch.look(running(), 109ms) == step::none);
  CHECK(watch.next == at(110ms));
  CHECK(watch.look(running(), 110ms) == step::give_up);
}

TEST_CASE("the next call has all of its time", "[overrun]") {
  observer watch;
  CHECK(watch.look(running(1), 10ms) == step::interrupt);
  auto next = running(2);
  next.deadline = at(200ms);
  CHECK(watch.look(next, 150ms) == step::none);
  CHECK(watch.look(next, 200ms) == step::interrupt);
  CHECK(watch.look(next, 240ms) == step::none);
}

TEST_CASE("a call that gets more time is no longer late", "[overrun]") {
  observer watch;
  CHECK(watch.look(running(), 10ms) == step::interrupt);
  auto extended = running();
  extended.deadline = at(500ms);
  CHECK(watch.look(extended, 120ms) == step::none);
  CHECK(watch.next == at(500ms));
  CHECK(watch.look(extended, 500ms) == step::interrupt);
}

TEST_CASE("C++ code that takes too long is looked at again, and left alone",
          "[overrun]") {
  observer watch;
  auto native = running();
  native.in_python = false;
  CHECK(watch.look(native, 1000ms) == step::none);
  CHECK(watch.next == at(1010ms));
  CHECK(watch.look(running(), 1010ms) == step::interrupt);
}

TEST_CASE("an observer that comes late still gives a call its grace",
          "[overrun]") {
  observer watch;
  CHECK(watch.look(running(), 5000ms) == step::interrupt);
  CHECK(watch.look(running(), 5099ms) == step::interrupt);
  CHECK(watch.look(running(), 5100ms) == step::give_up);
}

} // namespace overrun_test
