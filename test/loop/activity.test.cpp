#include <pyactor/runtime/loop/activity.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

namespace activity_test {

using namespace pyactor::runtime::loop;
using namespace std::chrono_literals;

namespace {

using departure = activity::departure;

/// A point in time that is as good a number as any.
activity::clock::time_point at(int64_t ticks) {
  return activity::clock::time_point{activity::clock::duration{ticks}};
}

} // namespace

TEST_CASE("it tells who runs, since when, and whether in Python",
          "[activity]") {
  activity what;
  CHECK(what.read().actor == 0);
  CHECK_FALSE(what.read().in_python);
  what.begin(7, at(100));
  CHECK(what.read().actor == 7);
  CHECK(what.read().since == at(100));
  CHECK_FALSE(what.read().in_python);
  what.enter_python();
  CHECK(what.read().in_python);
  CHECK(what.leave_python() == departure::free);
  CHECK_FALSE(what.read().in_python);
  what.end();
  CHECK(what.read().actor == 0);
}

TEST_CASE("messages are counted", "[activity]") {
  activity what;
  CHECK(what.messages() == 0);
  for (int i = 0; i < 3; ++i)
    what.count_message();
  CHECK(what.messages() == 3);
}

TEST_CASE("only a thread inside Python can be given up", "[activity]") {
  activity what;
  CHECK_FALSE(what.give_up());
  what.enter_python();
  CHECK(what.leave_python() == departure::free);
  CHECK_FALSE(what.give_up());
}

TEST_CASE("a thread that was given up learns it when it leaves Python",
          "[activity]") {
  activity what;
  what.enter_python();
  CHECK(what.give_up());
  CHECK_FALSE(what.give_up());
  CHECK(what.read().in_python);
  CHECK(what.leave_python() == departure::given_up);
}

TEST_CASE("Python code that is entered again from Python is one stretch",
          "[activity]") {
  activity what;
  CHECK(what.enter_python());
  CHECK_FALSE(what.enter_python());
  CHECK(what.give_up());
  // Going deeper does not take it back.
  CHECK_FALSE(what.enter_python());
  CHECK(what.leave_python() == departure::given_up);
}

TEST_CASE("each call is either left or given up, never both, in a storm",
          "[activity]") {
  for (int round = 0; round < 100; ++round) {
    activity what;
    std::atomic<int> given_up = 0;
    std::atomic<bool> over = false;
    auto give_up = [&] {
      while (!over)
        given_up += what.give_up();
    };
    std::jthread one{give_up};
    std::jthread other{give_up};
    int left = 0;
    bool mine = true;
    for (int i = 0; i < 50 && mine; ++i) {
      what.enter_python();
      mine = what.leave_python() == departure::free;
      left += mine;
    }
    over = true;
    one.join();
    other.join();
    REQUIRE(given_up == (mine ? 0 : 1));
    REQUIRE((left == 50) == mine);
  }
}

TEST_CASE("a turn has a number of its own, whatever it is", "[activity]") {
  activity what;
  auto last = what.turn();
  auto is_new = [&] { return std::exchange(last, what.turn()) < what.turn(); };
  what.begin(7, at(1));
  CHECK(is_new());
  what.count_message();
  CHECK(is_new());
  what.begin(7, at(2));
  CHECK(is_new());
  what.end();
  CHECK(is_new());
  what.enter_python();
  CHECK_FALSE(is_new());
  CHECK(what.read().turn == last);
}

TEST_CASE("what a turn may take is counted from its begin, or extended for it",
          "[activity]") {
  activity what;
  what.allow(10ns);
  what.begin(7, at(100));
  CHECK(what.read().limit == 10ns);
  CHECK(what.read().deadline == at(110));
  what.extend(at(150));
  CHECK(what.read().deadline == at(150));
  what.extend(at(140));
  CHECK(what.read().deadline == at(150));
  what.extend(at(160));
  CHECK(what.read().deadline == at(160));
  what.count_message();
  CHECK(what.read().deadline == at(110));
}

TEST_CASE("only a thread inside Python, in that turn, is interrupted",
          "[activity]") {
  activity what;
  what.begin(7, at(1));
  auto turn = what.turn();
  CHECK_FALSE(what.interrupt(turn));
  what.enter_python();
  CHECK_FALSE(what.interrupt(turn - 1));
  CHECK_FALSE(what.interrupt(turn + 1));
  CHECK(what.interrupt(turn));
  CHECK(what.interrupt(turn));
  CHECK(what.in_python());
  CHECK(what.leave_python() == departure::interrupted);
  CHECK_FALSE(what.interrupt(turn));
  what.enter_python();
  CHECK(what.leave_python() == departure::free);
}

TEST_CASE("a thread is given up for one turn, interrupted or not",
          "[activity]") {
  activity what;
  what.begin(7, at(1));
  what.enter_python();
  auto turn = what.turn();
  CHECK_FALSE(what.give_up(turn - 1));
  CHECK_FALSE(what.give_up(turn + 1));
  SECTION("not interrupted") {
  }
  SECTION("interrupted") {
    CHECK(what.interrupt(turn));
  }
  CHECK(what.give_up(turn));
  CHECK_FALSE(what.give_up(turn));
  CHECK_FALSE(what.interrupt(turn + 1));
  CHECK(what.interrupt(turn)); // so that it ends
  CHECK(what.leave_python() == departure::given_up);
  CHECK_FALSE(what.interrupt(turn));
}

TEST_CASE("an interruption is announced in the turn that it is aimed at, in a "
          "storm",
          "[activity]") {
  activity what;
  std::atomic<uint64_t> hit = 0; // the last turn for which it was announced
  std::atomic<bool> over = false;
  std::jthread aimer{[&] {
    while (!over) {
      auto turn = what.read().turn;
      if (what.interrupt(turn))
        hit = turn;
    }
  }};
  bool right = true;
  uint64_t interrupted = 0;
  for (int i = 0; i < 200'000; ++i) {
    what.begin(7, at(i));
    what.count_message();
    auto turn = what.turn();
    what.enter_python();
    if (what.leave_python() == departure::free)
      continue;
    ++interrupted;
    // The aimer says so a little later.
    while (hit.load() < turn)
      std::this_thread::yield();
    right = right && hit.load() == turn;
  }
  over = true;
  INFO(interrupted << " were interrupted");
  CHECK(right);
}

TEST_CASE("a reader never sees a time from before the actor began",
          "[activity]") {
  constexpr uint64_t last = 200'000;
  activity what;
  std::jthread writer{[&] {
    for (uint64_t n = 1; n <= last; ++n) {
      what.begin(n, at(static_cast<int64_t>(n)));
      what.count_message();
      if (n % 2)
        what.end();
    }
  }};
  bool right = true;
  for (uint64_t messages = 0; messages < last;) {
    auto now = what.read();
    if (now.actor != 0)
      right = right && now.since >= at(static_cast<int64_t>(now.actor));
    auto next = what.messages();
    right = right && next >= messages;
    messages = next;
  }
  CHECK(right);
}

} // namespace activity_test
