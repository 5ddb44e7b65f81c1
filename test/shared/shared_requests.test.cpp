#include <pyactor/supervisors/engine/in_flight.hpp>
#include <pyactor/test/shared/crowd.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <memory>

namespace shared_requests_test {

using namespace pyactor::supervisors::engine;
using pyactor::test::crowd;

TEST_CASE("a request is settled by its answer or by the end, and by one of "
          "them only",
          "[shared_requests]") {
  // Nobody hears of these: what is looked at is who may answer.
  for (int round = 0; round < 300; ++round) {
    auto lost = std::make_shared<std::atomic<uint64_t>>(0);
    auto requests = std::make_shared<in_flight>(1, lost);
    std::atomic<uint64_t> answered = 0;
    std::atomic<bool> is_closed = false;
    std::atomic<int> settled_late = 0;
    std::atomic<int> entered_late = 0;
    crowd(4, [&](int who) {
      if (who == 0) {
        requests->close(nullptr);
        is_closed = true;
        return;
      }
      for (int i = 0; i < 50; ++i) {
        auto late = is_closed.load();
        auto ticket = requests->enter({});
        entered_late += late && ticket;
        late = is_closed.load();
        auto settled = ticket && ticket->settle();
        answered += settled;
        settled_late += late && settled;
      }
    });
    REQUIRE(answered + *lost == 3 * 50);
    REQUIRE(entered_late == 0);
    REQUIRE(settled_late == 0);
    REQUIRE_FALSE(requests->enter({}));
  }
}

} // namespace shared_requests_test
