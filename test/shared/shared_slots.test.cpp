#include <pyactor/supervisors/engine/child_slot.hpp>
#include <pyactor/test/shared/crowd.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace shared_slots_test {

using namespace pyactor::supervisors;
using namespace pyactor::supervisors::engine;
using namespace std::chrono_literals;
using pyactor::test::crowd;

TEST_CASE("whoever looks at a slot sees one child as it was shown",
          "[shared_slots]") {
  constexpr int times = 20'000;
  child_slot slot;
  std::atomic<bool> over = false;
  std::atomic<int> torn = 0;
  crowd(4, [&](int who) {
    if (who > 0) {
      // The pause belongs to its status.
      while (!over) {
        auto view = slot.look();
        torn += (view->status == child_status::restarting)
                != (view->retry_after > 0ns);
      }
      return;
    }
    for (int i = 1; i <= times; ++i) {
      slot.show({.status = child_status::restarting,
                 .retry_after = std::chrono::nanoseconds{i}});
      slot.show(child_status::stopped);
    }
    over = true;
  });
  CHECK(torn == 0);
  CHECK(slot.look()->status == child_status::stopped);
}

TEST_CASE("a slot that anybody holds is the same for all, and none outlives "
          "its supervisor unmarked",
          "[shared_slots]") {
  child_directory directory;
  auto held = directory.slot("7");
  std::atomic<int> others = 0;
  std::atomic<int> unmarked = 0;
  crowd(4, [&](int who) {
    for (int i = 0; i < 5'000; ++i) {
      if (who == 0 && i == 2'500)
        directory.close();
      auto slot = directory.slot(std::to_string(i % 100));
      others += i % 100 == 7 && slot != held;
      unmarked += who == 0 && i >= 2'500
                  && slot->look()->status != child_status::supervisor_down;
    }
  });
  CHECK(others == 0);
  CHECK(unmarked == 0);
}

} // namespace shared_slots_test
