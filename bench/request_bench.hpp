#pragma once

#include <pyactor/bench/plain_counter.hpp>
#include <pyactor/bench/request_client.hpp>
#include <pyactor/bench/run_benchmarks.hpp>
#include <pyactor/cmake/data_folder.hpp>
#include <pyactor/runtime/runtime.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace pyactor::bench {

/// What every request workload runs in: an actor system as users get it, and a
/// runtime with one own-GIL context (`main` below CPython 3.14).
class request_world {
public:
  /// @param preload source that runs in every new environment
  explicit request_world(std::string preload = {})
    : system_(configured()), self_(system_) {
    runtime::runtime_options options;
    options.python.search_paths = {data_folder()};
    options.pools["default"].preload = std::move(preload);
    options.pools["default"].kind = main_interpreter::supports_own_gil()
                                      ? interpreter_kind::own_gil
                                      : interpreter_kind::main;
    python_ = value_or_throw(runtime::runtime::start(system_, options));
  }

  [[nodiscard]] caf::actor_system& system() noexcept {
    return system_;
  }

  [[nodiscard]] runtime::runtime& python() noexcept {
    return *python_;
  }

  /// Measures requests from one client; one iteration is `batch` of them.
  template <class Answer, class MakeRequest>
  void measure(benchmark::State& state, const caf::actor& server,
               MakeRequest make_request) {
    using client_type = request_client<Answer, MakeRequest>;
    constexpr int64_t batch = 20'000;
    auto client = system_.spawn<client_type>(server, make_request);
    for (auto _ : state) {
      self_->request(client, caf::infinite, go{batch, state.range(0)})
        .receive(
          [&](int64_t ns) {
            state.SetIterationTime(static_cast<double>(ns) * 1e-9);
          },
          [&](const caf::error& why) {
            state.SkipWithError(runtime::describe(why).c_str());
          });
    }
    state.SetItemsProcessed(state.iterations() * batch);
    self_->send_exit(client, caf::exit_reason::user_shutdown);
  }

private:
  caf::actor_system_config& configured() {
    runtime::configure(config_);
    return config_;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  std::unique_ptr<runtime::runtime> python_;
};

/// Adds a workload under the windows that requests are measured with.
template <class Measure>
void add_request_benchmark(const char* name, Measure measure) {
  benchmark::RegisterBenchmark(name, measure)
    ->ArgName("in_flight")
    ->Arg(1)
    ->Arg(16)
    ->Arg(1024)
    ->UseManualTime();
}

} // namespace pyactor::bench
