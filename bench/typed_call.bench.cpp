// A typed call of a function by name, int to int, inside a pinned actor, beside
// PyObject_Vectorcall of that function with the same conversions.

#include <Python.h>

#include <pyactor/bench/inside_bench.hpp>

using namespace pyactor::bench;
using pyactor::runtime::python_actor;

int main(int argc, char** argv) {
  inside_world world{"def increment(by):\n"
                     "    return by + 1\n"};
  auto floor = [&](benchmark::State& state) {
    world.measure(state, [](python_actor& self, int64_t times) {
      auto* globals = self.python().environment().globals();
      auto* function = PyDict_GetItemString(globals, "increment");
      for (int64_t i = 0; i < times; ++i) {
        auto* in = PyLong_FromLongLong(1000 + i);
        auto* out = PyObject_Vectorcall(function, &in, 1, nullptr);
        benchmark::DoNotOptimize(PyLong_AsLongLong(out));
        Py_DECREF(in);
        Py_DECREF(out);
      }
    });
  };
  auto own = [&](benchmark::State& state) {
    world.measure(state, [](python_actor& self, int64_t times) {
      for (int64_t i = 0; i < times; ++i)
        benchmark::DoNotOptimize(
          self.python().call<int64_t>("increment", 1000 + i));
    });
  };
  benchmark::RegisterBenchmark("floor", floor)->UseManualTime();
  benchmark::RegisterBenchmark("pyactor", own)->UseManualTime();
  return run_benchmarks(argc, argv);
}
