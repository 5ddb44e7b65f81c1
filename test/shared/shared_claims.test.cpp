#include <pyactor/supervisors/engine/child_slot.hpp>
#include <pyactor/supervisors/engine/claimed_name.hpp>
#include <pyactor/test/shared/crowd.hpp>
#include <pyactor/test/shared/stand_in.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <atomic>
#include <memory>

namespace shared_claims_test {

using namespace pyactor::supervisors::engine;
using pyactor::test::crowd;
using pyactor::test::no_system;

TEST_CASE("one child at a time has a name, and whoever looks finds that one or "
          "none",
          "[shared_claims]") {
  constexpr int times = 5'000;
  const auto& system = no_system();
  std::array slots{std::make_shared<child_slot>(),
                   std::make_shared<child_slot>()};
  std::atomic<int> holders = 0;
  std::atomic<int> together = 0;
  std::atomic<int> strangers = 0;
  std::atomic<int> claims = 0;
  crowd(4, [&](int who) {
    for (int i = 0; i < times; ++i) {
      if (who >= 2) {
        auto found = claimed_name::find(system, "name");
        strangers += found && found != slots[0] && found != slots[1];
        continue;
      }
      auto name = claimed_name::claim(system, "name",
                                      slots.at(static_cast<size_t>(who)));
      if (!name)
        continue;
      together += ++holders > 1;
      ++claims;
      --holders;
    }
  });
  CHECK(together == 0);
  CHECK(strangers == 0);
  CHECK(claims > 0);
  CHECK_FALSE(claimed_name::find(system, "name"));
}

} // namespace shared_claims_test
