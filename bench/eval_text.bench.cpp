// One source text evaluated again and again inside a pinned actor, beside
// PyEval_EvalCode of the compiled text.

#include <Python.h>

#include <pyactor/bench/inside_bench.hpp>

using namespace pyactor::bench;
using pyactor::runtime::python_actor;

namespace {

constexpr auto text = "counter.increment()";

} // namespace

int main(int argc, char** argv) {
  inside_world world{"class Counter:\n"
                     "    def __init__(self):\n"
                     "        self.value = 0\n"
                     "    def increment(self):\n"
                     "        self.value += 1\n"
                     "        return self.value\n"
                     "counter = Counter()\n"};
  auto floor = [&](benchmark::State& state) {
    world.measure(state, [](python_actor& self, int64_t times) {
      auto* globals = self.python().environment().globals();
      auto* code = Py_CompileString(text, "<floor>", Py_eval_input);
      for (int64_t i = 0; i < times; ++i)
        Py_DECREF(PyEval_EvalCode(code, globals, globals));
      Py_DECREF(code);
    });
  };
  auto own = [&](benchmark::State& state) {
    world.measure(state, [](python_actor& self, int64_t times) {
      for (int64_t i = 0; i < times; ++i)
        benchmark::DoNotOptimize(self.python().eval<int64_t>(text));
    });
  };
  benchmark::RegisterBenchmark("floor", floor)->UseManualTime();
  benchmark::RegisterBenchmark("pyactor", own)->UseManualTime();
  return run_benchmarks(argc, argv);
}
