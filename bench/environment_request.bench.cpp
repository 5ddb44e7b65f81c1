// A request of an ordinary actor to an environment of its own, beside a request
// to a plain C++ CAF actor from the same client.

#include <pyactor/bench/request_bench.hpp>

using namespace pyactor::bench;
using pyactor::value;

int main(int argc, char** argv) {
  request_world world{"value = 0\n"
                      "def increment(by):\n"
                      "    global value\n"
                      "    value += by\n"
                      "    return value\n"};
  auto plain = world.system().spawn(plain_counter);
  add_request_benchmark("floor", [&](benchmark::State& state) {
    world.measure<int64_t>(state, plain, [] { return increment{1}; });
  });
  auto server = world.python().context_server_at({});
  add_request_benchmark("pyactor", [&](benchmark::State& state) {
    world.measure<value>(state, server,
                         [] { return pyactor::runtime::eval{"increment(1)"}; });
  });
  return run_benchmarks(argc, argv);
}
