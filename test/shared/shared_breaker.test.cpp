#include <pyactor/supervisors/message_breaker.hpp>
#include <pyactor/test/shared/crowd.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>

namespace shared_breaker_test {

using namespace pyactor::supervisors;
using pyactor::test::crowd;

TEST_CASE(
  "of crashes that its supervisor notes while incarnations are at work, "
  "exactly one is the last that a message is allowed",
  "[shared_breaker]") {
  constexpr int rounds = 50;
  constexpr size_t threshold = 5;
  constexpr uint64_t poison = 7;
  for (int round = 0; round < rounds; ++round) {
    message_breaker breaker{"child", threshold, {}};
    std::atomic<incarnation_id> current = 1;
    std::atomic<bool> over = false;
    int last = 0;
    breaker.begin(1);
    crowd(4, [&](int who) {
      if (who > 0) { // an incarnation: only a crash ends its message
        while (!over)
          if (breaker.admit(current, poison))
            breaker.settle(current - 1);
        return;
      }
      while (breaker.admit(current, poison)) {
        last += breaker.note_crash();
        breaker.change(threshold, to_dead_letters{});
        breaker.begin(++current);
      }
      over = true;
    });
    CHECK(last == 1);
    CHECK_FALSE(breaker.admit(current, poison));
    CHECK(breaker.admit(current, poison + 1));
  }
}

} // namespace shared_breaker_test
