// The life of an actor: spawned, one request, ended, its environment released.
// The floor is the life of a plain C++ CAF actor, and the C-API's own run and
// clear of the same compiled source.

#include <Python.h>

#include <pyactor/bench/lifecycle.hpp>

#include <pyactor/bench/python_counter.hpp>
#include <pyactor/bench/request_bench.hpp>

using namespace pyactor::bench;
using pyactor::actor_class;
using pyactor::value;
using pyactor::runtime::call;
using pyactor::runtime::python_actor;

namespace {

constexpr auto counter_source = R"(
class Counter:
    def __init__(self):
        self.value = 0

    def increment(self, by):
        self.value += by
        return self.value

counter = Counter()
)";

class counter_actor : public python_actor {
public:
  using python_actor::python_actor;

  caf::behavior make_behavior() override {
    python().exec(counter_source);
    return {
      [this](const increment& message) {
        return python().call<int64_t>("counter.increment", message.by);
      },
    };
  }
};

/// Runs and clears a source so many times with the C-API alone.
caf::behavior raw(python_actor* self) {
  return {
    [self](const live& order) {
      auto scope = self->python();
      auto* builtins
        = PyDict_GetItemString(scope.environment().globals(), "__builtins__");
      auto* code = Py_CompileString(counter_source, "<floor>", Py_file_input);
      auto start = std::chrono::steady_clock::now();
      for (int64_t i = 0; i < order.times; ++i) {
        auto* globals = PyDict_New();
        PyDict_SetItemString(globals, "__builtins__", builtins);
        auto* name = PyUnicode_FromString("__main__");
        PyDict_SetItemString(globals, "__name__", name);
        Py_DECREF(name);
        Py_XDECREF(PyEval_EvalCode(code, globals, globals));
        PyDict_Clear(globals);
        Py_DECREF(globals);
      }
      auto taken = std::chrono::steady_clock::now() - start;
      Py_DECREF(code);
      return std::chrono::nanoseconds{taken}.count();
    },
  };
}

class lifecycle_world : public request_world {
public:
  static constexpr int64_t lives = 2'000;

  /// One iteration is the lives of so many actors, one after the other.
  template <class Answer, class Request>
  void measure(benchmark::State& state,
               typename life_giver<Answer, Request>::spawner spawn_one,
               Request request, bool with_raw) {
    auto giver = system().spawn<life_giver<Answer, Request>>(
      std::move(spawn_one), std::move(request));
    auto runner = python().spawn_function({}, raw);
    for (auto _ : state) {
      auto ns = ask(giver);
      if (with_raw)
        ns += ask(runner);
      state.SetIterationTime(static_cast<double>(ns) * 1e-9);
    }
    state.SetItemsProcessed(state.iterations() * lives);
    caf::anon_send_exit(giver, caf::exit_reason::user_shutdown);
  }

private:
  int64_t ask(const caf::actor& whom) {
    int64_t result = 0;
    caf::scoped_actor self{system()};
    self->request(whom, caf::infinite, live{lives})
      .receive([&](int64_t ns) { result = ns; }, fail);
    return result;
  }
};

} // namespace

int main(int argc, char** argv) {
  lifecycle_world world;
  auto plain = [&](caf::event_based_actor& self) -> caf::actor {
    return self.spawn(plain_counter);
  };
  auto floor = [&](benchmark::State& state) {
    world.measure<int64_t>(state, plain, increment{1}, true);
  };
  auto pinned = [&](caf::event_based_actor&) -> caf::actor {
    return world.python().spawn<counter_actor>();
  };
  auto what = counter_class();
  auto written = [&](caf::event_based_actor&) -> caf::actor {
    return world.python().spawn_python(what);
  };
  auto add = [](const char* name, auto run) {
    benchmark::RegisterBenchmark(name, run)->UseManualTime();
  };
  add("floor/pinned", floor);
  add("pyactor/pinned", [&](benchmark::State& state) {
    world.measure<int64_t>(state, pinned, increment{1}, false);
  });
  add("floor/written", floor);
  add("pyactor/written", [&](benchmark::State& state) {
    world.measure<value>(state, written, call{"increment", {.positional = {1}}},
                         false);
  });
  return run_benchmarks(argc, argv);
}
