#include <pyactor/supervisors/engine/start_ticket.hpp>
#include <pyactor/supervisors/start_throttle.hpp>
#include <pyactor/test/shared/crowd.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <chrono>
#include <thread>

namespace shared_starts_test {

using namespace pyactor::supervisors;
using namespace pyactor::supervisors::engine;
using pyactor::test::crowd;

TEST_CASE("no more starts go on at a time than there is room for, and none "
          "stays behind",
          "[shared_starts]") {
  constexpr size_t room = 2;
  start_throttle limits{{.max_concurrent_starts = room}};
  std::atomic<size_t> at_once = 0;
  std::atomic<size_t> most = 0;
  std::atomic<int> granted_ones = 0;
  crowd(4, [&](int) {
    for (int i = 0; i < 1'000; ++i) {
      start_ticket ticket{limits.state(), {}, {}};
      // One of four leaves while it waits.
      while (!std::holds_alternative<granted>(
               ticket.try_take(std::chrono::steady_clock::now()))
             && i % 4 != 0)
        std::this_thread::yield();
      if (ticket.waits())
        continue;
      ++granted_ones;
      auto now = ++at_once;
      for (auto seen = most.load(); seen < now;)
        most.compare_exchange_weak(seen, now);
      --at_once;
    }
  });
  CHECK(granted_ones >= 3'000);
  CHECK(most <= room);
  CHECK(limits.starting() == 0);
  CHECK(limits.waiting() == 0);
}

} // namespace shared_starts_test
