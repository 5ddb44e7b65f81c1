// Many live actors with an empty environment each: the memory of one, and how
// the time that one takes grows with their number. The floor is as many plain
// C++ CAF actors.

#include <pyactor/bench/allocated.hpp>
#include <pyactor/bench/failure.hpp>
#include <pyactor/bench/run_benchmarks.hpp>
#include <pyactor/runtime/runtime.hpp>

#include <chrono>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

using namespace pyactor;
using namespace pyactor::runtime;
using pyactor::bench::allocated;

namespace {

/// What one actor of so many takes.
struct cost {
  double bytes = 0;
  double seconds = 0;
};

caf::behavior plain(caf::event_based_actor*, std::latch* alive) {
  alive->count_down();
  return {
    [](int64_t x) { return x; },
  };
}

caf::behavior pinned(python_actor* self, std::latch* alive) {
  static_cast<void>(self->python()); // makes the environment
  alive->count_down();
  return {
    [](int64_t x) { return x; },
  };
}

class crowded_world {
public:
  crowded_world() : system_(configured()) {
    runtime_options options;
    options.pools["default"].kind = main_interpreter::supports_own_gil()
                                      ? interpreter_kind::own_gil
                                      : interpreter_kind::main;
    // All of Python's memory comes from where `allocated` looks.
    options.python.allocator = python_config::allocator_kind::malloc;
    python_
      = value_or_throw(pyactor::runtime::runtime::start(system_, options));
  }

  cost of_plain(int64_t n) {
    return measure(n, [&](std::latch& alive) {
      return caf::actor{system_.spawn(plain, &alive)};
    });
  }

  cost of_pinned(int64_t n) {
    return measure(n, [&](std::latch& alive) {
      return caf::actor{python_->spawn_function({}, pinned, &alive)};
    });
  }

private:
  template <class SpawnOne>
  cost measure(int64_t n, SpawnOne spawn_one) {
    auto others = system_.registry().running();
    std::vector<caf::actor> all;
    all.reserve(static_cast<size_t>(n));
    std::latch alive{n};
    auto before = allocated();
    auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < n; ++i)
      all.push_back(spawn_one(alive));
    alive.wait();
    std::chrono::duration<double> taken
      = std::chrono::steady_clock::now() - start;
    cost result{(allocated() - before) / static_cast<double>(n),
                taken.count() / static_cast<double>(n)};
    all.clear();
    system_.registry().await_running_count_equal(others);
    while (python_->context_at({}).stats().live_environments != 0)
      std::this_thread::yield();
    return result;
  }

  caf::actor_system_config& configured() {
    configure(config_);
    return config_;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  std::unique_ptr<pyactor::runtime::runtime> python_;
};

constexpr int64_t many = 100'000;
constexpr int64_t very_many = 1'000'000;

} // namespace

int main(int argc, char** argv) {
  crowded_world world;
  // One unit of what a row measures counts as one second of an iteration.
  auto add = [](const char* name, auto units) {
    auto run = [units](benchmark::State& state) {
      for (auto _ : state)
        state.SetIterationTime(units());
      state.SetItemsProcessed(state.iterations());
    };
    benchmark::RegisterBenchmark(name, run)->UseManualTime()->Iterations(1);
  };
  constexpr double byte = 1e-9;
  add("floor/bytes/many", [&] { return world.of_plain(many).bytes * byte; });
  add("pyactor/bytes/many", [&] { return world.of_pinned(many).bytes * byte; });
  add("floor/bytes/very_many",
      [&] { return world.of_plain(very_many).bytes * byte; });
  add("pyactor/bytes/very_many",
      [&] { return world.of_pinned(very_many).bytes * byte; });
  constexpr double thousandth = 1e-9;
  add("floor/growth", [&] {
    return world.of_plain(very_many).seconds / world.of_plain(many).seconds
           * 1000 * thousandth;
  });
  add("pyactor/growth", [&] {
    return world.of_pinned(very_many).seconds / world.of_pinned(many).seconds
           * 1000 * thousandth;
  });
  return pyactor::bench::run_benchmarks(argc, argv);
}
