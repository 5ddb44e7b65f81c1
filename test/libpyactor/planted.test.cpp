// Faults that each tool is there to find: where one is not found, nothing that
// the tool has passed says anything. CMakeLists.txt says who finds what.

#include <pyactor/libpyactor/function.hpp>
#include <pyactor/test/leaks/ledger.hpp>
#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/in_environment.hpp>
#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <thread>

namespace planted_test {

using namespace pyactor;
using namespace pyactor::test;

TEST_CASE("a list that is left behind", "[.][planted_list]") {
  need_ledger();
  python_world world{any_kind()};
  attach_scope py{*world.interpreter};
  environment env{py};
  auto list = env.eval<object_ref>(py, source{"[None]"});
  REQUIRE(list);
  static_cast<void>(list->release());
}

TEST_CASE("memory that a C++ function loses which Python calls",
          "[.][planted_leak]") {
  in_main([](attach_scope& py) {
    environment env{py};
    REQUIRE(define(py, env, "leak", [] {
      auto* lost = static_cast<int64_t*>(std::malloc(777));
      *lost = 7;
      auto result = *lost;
      lost = nullptr;
      return result;
    }));
    auto seven = env.eval<int64_t>(py, source{"leak()"});
    env.release(py);
    CHECK(seven == 7);
  });
}

TEST_CASE("memory that is read when it is freed", "[.][planted_read]") {
  auto* volatile text = new char[8]{};
  auto* freed = text;
  delete[] text;
  CHECK(*static_cast<volatile char*>(freed) == 0);
}

TEST_CASE("a sum that is no int", "[.][planted_overflow]") {
  volatile int most = std::numeric_limits<int>::max();
  most = most + 1;
}

TEST_CASE("a number that two threads change at once", "[.][planted_race]") {
  volatile int number = 0;
  std::jthread other{[&] { number = number + 1; }};
  number = number + 1;
}

} // namespace planted_test
