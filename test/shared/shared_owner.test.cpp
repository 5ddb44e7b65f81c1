#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/runtime/python_owner.hpp>
#include <pyactor/test/shared/crowd.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <chrono>
#include <memory>

namespace shared_owner_test {

using namespace pyactor::runtime;
using namespace std::chrono_literals;
using pyactor::test::crowd;

TEST_CASE("CPython ends on the thread that has started it, whoever asks for "
          "that, waits and looks",
          "[shared_owner]") {
  for (int life = 0; life < 3; ++life) {
    auto owner
      = std::make_shared<python_owner>(pyactor::python_config{}, nullptr);
    REQUIRE(owner->start_on_own_thread());
    std::atomic<bool> over = false;
    std::atomic<int> silent = 0;
    crowd(4, [&](int who) {
      if (who == 0) {
        owner->request_end(true);
      } else if (who == 1) {
        while (!owner->await_end(std::chrono::steady_clock::now() + 10ms)) {
        }
        over = true;
      } else {
        while (!over)
          silent += owner->what_lingers().empty();
      }
    });
    CHECK(silent == 0);
    CHECK(owner->outcome());
  }
}

} // namespace shared_owner_test
