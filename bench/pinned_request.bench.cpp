// A request to a pinned actor that calls a Python function, beside the same
// request to a plain C++ CAF actor from the same client.

#include <pyactor/bench/python_counter.hpp>
#include <pyactor/bench/request_bench.hpp>

using namespace pyactor::bench;

int main(int argc, char** argv) {
  request_world world;
  auto request = [] { return increment{1}; };
  auto plain = world.system().spawn(plain_counter);
  add_request_benchmark("floor", [&](benchmark::State& state) {
    world.measure<int64_t>(state, plain, request);
  });
  auto pinned = world.python().spawn<pinned_counter>();
  add_request_benchmark("pyactor", [&](benchmark::State& state) {
    world.measure<int64_t>(state, pinned, request);
  });
  return run_benchmarks(argc, argv);
}
