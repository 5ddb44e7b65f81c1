// A request from a scoped actor to a pinned actor whose context sleeps, beside
// the same to a detached C++ actor.

#include <pyactor/bench/python_counter.hpp>
#include <pyactor/bench/request_bench.hpp>

#include <algorithm>
#include <thread>
#include <vector>

using namespace pyactor::bench;

namespace {

using clock_type = std::chrono::steady_clock;

/// So many that the p99 hangs on more than a few.
constexpr size_t samples = 4'000;

/// Long enough for a thread that waits to fall asleep.
constexpr auto pause = std::chrono::microseconds{200};

/// @returns the latencies of requests to a sleeping actor, in order of size
std::vector<clock_type::duration> latencies(caf::scoped_actor& self,
                                            const caf::actor& sleeper) {
  std::vector<clock_type::duration> result;
  for (size_t i = 0; i < samples; ++i) {
    std::this_thread::sleep_for(pause);
    auto start = clock_type::now();
    self->request(sleeper, caf::infinite, increment{1})
      .receive([](int64_t) {}, fail);
    result.push_back(clock_type::now() - start);
  }
  std::ranges::sort(result);
  return result;
}

} // namespace

int main(int argc, char** argv) {
  request_world world;
  caf::scoped_actor self{world.system()};
  auto detached = world.system().spawn<caf::detached>(plain_counter);
  auto pinned = world.python().spawn<pinned_counter>();
  // Benchmarks outlive `main`: what they held of an actor would keep it alive.
  auto add = [&](const char* name, const caf::actor& whom, size_t percent) {
    auto run = [&self, &whom, percent](benchmark::State& state) {
      for (auto _ : state) {
        std::chrono::duration<double> taken
          = latencies(self, whom)[samples * percent / 100];
        state.SetIterationTime(taken.count());
      }
      state.SetItemsProcessed(state.iterations());
    };
    benchmark::RegisterBenchmark(name, run)->UseManualTime()->Iterations(1);
  };
  add("floor/p50", detached, 50);
  add("pyactor/p50", pinned, 50);
  add("floor/p99", detached, 99);
  add("pyactor/p99", pinned, 99);
  return run_benchmarks(argc, argv);
}
