// A call of a method, by name, of an actor written in Python, beside a request
// to a plain C++ CAF actor from the same client.

#include <pyactor/bench/python_counter.hpp>
#include <pyactor/bench/request_bench.hpp>

using namespace pyactor::bench;
using pyactor::actor_class;
using pyactor::value;

int main(int argc, char** argv) {
  request_world world;
  auto plain = world.system().spawn(plain_counter);
  add_request_benchmark("floor", [&](benchmark::State& state) {
    world.measure<int64_t>(state, plain, [] { return increment{1}; });
  });
  auto counter = world.python().spawn_python(counter_class());
  add_request_benchmark("pyactor", [&](benchmark::State& state) {
    world.measure<value>(state, counter, [] {
      return pyactor::runtime::call{"increment", {.positional = {1}}};
    });
  });
  return run_benchmarks(argc, argv);
}
