#pragma once

#include <pyactor/bench/run_benchmarks.hpp>
#include <pyactor/runtime/runtime.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace pyactor::bench {

/// Work to be done inside a pinned actor, so many times.
struct work {
  std::function<void(runtime::python_actor&, int64_t)> body;
  int64_t times = 0;
};

} // namespace pyactor::bench

PYACTOR_LOCAL_MESSAGE(pyactor::bench::work)

namespace pyactor::bench {

/// Measures what happens inside a handler of a pinned actor.
class inside_world {
public:
  explicit inside_world(const char* source) : system_(configured()) {
    runtime::runtime_options options;
    options.pools["default"].kind = main_interpreter::supports_own_gil()
                                      ? interpreter_kind::own_gil
                                      : interpreter_kind::main;
    python_ = value_or_throw(runtime::runtime::start(system_, options));
    worker_ = python_->spawn<worker>(runtime::placement{}, source);
  }

  /// One iteration is `step(worker, batch)`, which does so many items in one
  /// handler.
  template <class Step>
  void measure(benchmark::State& state, Step step, int64_t batch = 100'000) {
    auto body = [step](runtime::python_actor& self, int64_t times) {
      step(self, times);
    };
    caf::scoped_actor self{system_};
    for (auto _ : state) {
      self->request(worker_, caf::infinite, work{body, batch})
        .receive(
          [&](int64_t ns) {
            state.SetIterationTime(static_cast<double>(ns) * 1e-9);
          },
          [&](const caf::error& why) {
            state.SkipWithError(runtime::describe(why).c_str());
          });
    }
    state.SetItemsProcessed(state.iterations() * batch);
  }

private:
  class worker : public runtime::python_actor {
  public:
    worker(caf::actor_config& config, const char* source)
      : runtime::python_actor(config), source_(source) {
    }

    caf::behavior make_behavior() override {
      python().exec(source_);
      return {
        [this](const work& what) {
          auto start = std::chrono::steady_clock::now();
          what.body(*this, what.times);
          auto taken = std::chrono::steady_clock::now() - start;
          return std::chrono::nanoseconds{taken}.count();
        },
      };
    }

  private:
    const char* source_;
  };

  caf::actor_system_config& configured() {
    runtime::configure(config_);
    return config_;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  std::unique_ptr<runtime::runtime> python_;
  caf::actor worker_;
};

} // namespace pyactor::bench
