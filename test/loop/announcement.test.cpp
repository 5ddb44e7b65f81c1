#include <pyactor/runtime/loop/announcement.hpp>

#include <pyactor/test/support/instrumented.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <thread>

namespace announcement_test {

using namespace pyactor::runtime::loop;
using pyactor::test::instrumented;

TEST_CASE("what is announced between the last look and sleep prevents it",
          "[announcement]") {
  announcement news;
  CHECK_FALSE(news.look());
  CHECK_FALSE(news.announce()); // still awake
  CHECK_FALSE(news.lie_down());
  CHECK(news.is_awake());
  CHECK(news.look());
  CHECK(news.lie_down());
}

TEST_CASE("what is announced to a sleeper asks for it to be woken",
          "[announcement]") {
  announcement news;
  REQUIRE(news.lie_down());
  CHECK_FALSE(news.is_awake());
  CHECK(news.announce());
  CHECK(news.announce()); // until it is
  news.wake();
  CHECK_FALSE(news.announce());
  CHECK(news.look());
}

TEST_CASE("a look sees each announcement once", "[announcement]") {
  announcement news;
  CHECK_FALSE(news.announce());
  CHECK_FALSE(news.announce());
  CHECK(news.look());
  CHECK_FALSE(news.look());
}

TEST_CASE("of an announcement and a sleep at the same time, one sees the other",
          "[announcement]") {
  constexpr int rounds = instrumented ? 20'000 : 500'000;
  announcement news;
  std::atomic<int> turn = 0;
  bool to_wake = false;
  std::thread announcer{[&] {
    for (int i = 1; i <= rounds; ++i) {
      while (turn.load(std::memory_order_relaxed) < 2 * i - 1) {
      }
      to_wake = news.announce();
      turn = 2 * i;
    }
  }};
  int missed = 0;
  for (int i = 1; i <= rounds; ++i) {
    turn.store(2 * i - 1, std::memory_order_relaxed);
    auto sleeps = news.lie_down();
    while (turn != 2 * i) {
    }
    missed += sleeps && !to_wake;
    news.wake();
    static_cast<void>(news.look());
  }
  announcer.join();
  CHECK(missed == 0);
}

} // namespace announcement_test
