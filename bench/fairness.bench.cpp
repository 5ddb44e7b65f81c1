// How long work waits behind its neighbours' in one context, beside what fair
// sharing makes of it by arithmetic.

#include <pyactor/bench/failure.hpp>
#include <pyactor/bench/run_benchmarks.hpp>
#include <pyactor/runtime/runtime.hpp>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace pyactor;
using namespace pyactor::runtime;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;
using durations = std::vector<clock_type::duration>;

/// Keeps its GIL busy for so many seconds of the thread's own time.
constexpr auto working = "import time\n"
                         "def work(seconds):\n"
                         "    end = time.thread_time() + seconds\n"
                         "    while time.thread_time() < end:\n"
                         "        pass\n";

/// Tells a caller to have a worker do so much, so often, one after the other.
struct caller_order {
  caf::actor worker;
  double seconds = 0;
  size_t times = 0;
};

struct latencies {
  durations taken;
};

} // namespace

PYACTOR_LOCAL_MESSAGE(caller_order)
PYACTOR_LOCAL_MESSAGE(latencies)

namespace {

caf::behavior worker(python_actor* self) {
  self->python().exec(working);
  return {
    [self](double seconds) {
      return self->python().call<value>("work", seconds);
    },
  };
}

/// A plain actor that answers an order with how long each call took.
class caller : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {
      [this](const caller_order& order) {
        reply_ = make_response_promise();
        taken_.clear();
        next(order);
        return reply_;
      },
    };
  }

private:
  void next(const caller_order& order) {
    auto start = clock_type::now();
    request(order.worker, caf::infinite, order.seconds)
      .then(
        [this, order, start](const value&) {
          taken_.push_back(clock_type::now() - start);
          if (taken_.size() < order.times)
            next(order);
          else
            reply_.deliver(latencies{std::exchange(taken_, {})});
        },
        pyactor::bench::fail);
  }

  caf::response_promise reply_;
  durations taken_;
};

class fairness_world {
public:
  fairness_world() : system_(configured()), self_(system_) {
    runtime_options options;
    options.pools["default"] = {};
    python_
      = value_or_throw(pyactor::runtime::runtime::start(system_, options));
  }

  caf::actor spawn_worker() {
    return python_->spawn_function({}, worker);
  }

  /// Has every caller work its way through its order.
  /// @returns the 99th percentile of what all of them but the first saw
  double p99_seconds(const std::vector<caller_order>& orders) {
    std::vector<caf::actor> callers;
    std::vector<decltype(self_->request(caf::actor{}, caf::infinite,
                                        caller_order{}))>
      pending;
    for (auto& order : orders) {
      callers.push_back(system_.spawn<caller>());
      pending.push_back(self_->request(callers.back(), caf::infinite, order));
    }
    durations all;
    for (size_t i = 0; i < pending.size(); ++i)
      pending[i].receive(
        [&](const latencies& seen) {
          if (i > 0)
            all.insert(all.end(), seen.taken.begin(), seen.taken.end());
        },
        pyactor::bench::fail);
    std::ranges::sort(all);
    return std::chrono::duration<double>{all[all.size() * 99 / 100]}.count();
  }

private:
  caf::actor_system_config& configured() {
    configure(config_);
    return config_;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  std::unique_ptr<pyactor::runtime::runtime> python_;
};

/// 16 actors with work of 1 ms each beside one with work of 50 ms.
double one_context() {
  fairness_world world;
  std::vector<caller_order> orders{{world.spawn_worker(), 0.050, 30}};
  for (int i = 0; i < 16; ++i)
    orders.push_back({world.spawn_worker(), 0.001, 30});
  return world.p99_seconds(orders);
}

constexpr double one_context_by_arithmetic = 16 * 0.001 + 0.050;

} // namespace

int main(int argc, char** argv) {
  auto add = [](const char* name, double (*seconds)()) {
    auto run = [seconds](benchmark::State& state) {
      for (auto _ : state)
        state.SetIterationTime(seconds());
      state.SetItemsProcessed(state.iterations());
    };
    benchmark::RegisterBenchmark(name, run)->UseManualTime()->Iterations(1);
  };
  add("floor/one_context", [] { return one_context_by_arithmetic; });
  add("pyactor/one_context", one_context);
  return pyactor::bench::run_benchmarks(argc, argv);
}
