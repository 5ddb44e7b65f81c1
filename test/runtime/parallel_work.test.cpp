#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

namespace parallel_work_test {

using namespace pyactor;
using namespace pyactor::runtime;
using namespace pyactor::test;

TEST_CASE("two own-GIL contexts do CPU-bound work in less than 0.75 of the "
          "time of one",
          "[parallel_work]") {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  if (std::thread::hardware_concurrency() < 2)
    SKIP("parallel work needs two hardware threads");
  if (instrumented)
    SKIP("a sanitizer takes time of its own");
  using clock = std::chrono::steady_clock;
  runtime_world world{one_pool(interpreter_kind::own_gil, 2)};
  auto work = exec{"n = 0\n"
                   "for i in range(5_000_000):\n"
                   "    n += i & 3\n"};
  // The work twice, on these contexts.
  auto seconds = [&](size_t first, size_t second) {
    auto start = clock::now();
    auto one = world.client()->request(world.server(first), patience, work);
    auto other = world.client()->request(world.server(second), patience, work);
    for (auto* pending : {&one, &other})
      pending->receive([](value&) {},
                       [](caf::error& why) { FAIL(to_string(from_caf(why))); });
    return std::chrono::duration<double>{clock::now() - start}.count();
  };
  double best = 1;
  for (int round = 0; round < 3 && best >= 0.75; ++round) {
    auto on_one = seconds(0, 0);
    auto on_two = seconds(0, 1);
    UNSCOPED_INFO(on_one << " s on one, " << on_two << " s on two");
    CHECK(on_one >= 0.1);
    best = std::min(best, on_two / on_one);
  }
  CHECK(best < 0.75);
}

} // namespace parallel_work_test
