#include <pyactor/runtime/loop/guest_relief.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace guest_relief_test {

using namespace pyactor::runtime::loop;

namespace {

/// Awaits that a counter, whose changes are notified, has passed `n`.
void await_more_than(const std::atomic<int>& counter, int n) {
  for (int now = counter; now <= n; now = counter)
    counter.wait(now);
}

} // namespace

TEST_CASE("each announcement is followed by an inspection", "[guest_relief]") {
  std::atomic<int> inspections = 0;
  guest_relief relief{[&](auto) {
    ++inspections;
    inspections.notify_all();
    return false;
  }};
  for (int i = 0; i < 100; ++i) {
    int before = inspections;
    relief.announce();
    await_more_than(inspections, before);
  }
  CHECK(inspections >= 100);
}

TEST_CASE("an announcement at the moment of falling asleep is not missed",
          "[guest_relief]") {
  constexpr int rounds = 5'000;
  std::atomic<int> inspections = 0;
  auto inspect = [&](auto) {
    ++inspections;
    inspections.notify_all();
    return false;
  };
  // Falls asleep whenever it has looked. One that is missed hangs.
  guest_relief relief{inspect, guest_relief::clock::duration::zero(), 0};
  for (int i = 0; i < rounds; ++i) {
    int before = inspections;
    // That moment is right after the look, earlier or later each time: to be
    // woken up would take longer.
    for (volatile int wait = i % 500; wait > 0;)
      wait = wait - 1;
    relief.announce();
    while (inspections == before)
      std::this_thread::yield();
  }
  CHECK(inspections >= rounds);
}

TEST_CASE("it looks for as long as guests wait, however long ago they came",
          "[guest_relief]") {
  constexpr int rounds = 200;
  std::atomic<int> inspections = 0;
  guest_relief relief{[&](auto) {
    auto waiting = ++inspections < rounds;
    inspections.notify_all();
    return waiting;
  }};
  relief.announce();
  await_more_than(inspections, rounds - 1);
  CHECK(inspections >= rounds);
}

TEST_CASE("announcements from many threads are all followed by an inspection",
          "[guest_relief]") {
  std::atomic<int> guests = 0;
  std::atomic<int> served = 0;
  guest_relief relief{[&](auto) {
    served += guests.exchange(0);
    served.notify_all();
    return false;
  }};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 10000; ++i) {
          ++guests;
          relief.announce();
        }
      });
  }
  await_more_than(served, 39999);
  CHECK(served == 40000);
}

TEST_CASE("it ends while it sleeps, while it looks, and when it never started",
          "[guest_relief]") {
  for (int i = 0; i < 200; ++i) {
    std::atomic<int> inspections = 0;
    guest_relief relief{[&](auto) {
      ++inspections;
      return i % 2 == 0;
    }};
    if (i % 4 < 2)
      relief.announce();
    if (i % 8 < 4)
      relief.end();
    relief.end();
    relief.announce();
    int at_end = inspections;
    REQUIRE(inspections == at_end);
  }
}

TEST_CASE("after its end it may die on any thread", "[guest_relief]") {
  auto relief = std::make_unique<guest_relief>([](auto) { return false; });
  relief->announce();
  relief->end();
  std::jthread{[&] { relief.reset(); }}.join();
  CHECK_FALSE(relief);
}

} // namespace guest_relief_test
