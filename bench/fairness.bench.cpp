// How long work waits behind its neighbours': in one context, beside what fair
// sharing makes of it by arithmetic, and in contexts that share a GIL, beside
// the switch interval.

#include <pyactor/bench/failure.hpp>
#include <pyactor/bench/run_benchmarks.hpp>
#include <pyactor/libpyactor/function.hpp>
#include <pyactor/runtime/runtime.hpp>

#include <algorithm>
#include <atomic>
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

/// Keeps its GIL busy until somebody else says so.
constexpr auto spinning = "def spin():\n"
                          "    begin()\n"
                          "    while not is_over():\n"
                          "        for _ in range(1_000_000): pass\n";

/// Tells a spinner to spin.
struct spin {};

/// Tells a caller to have a worker do so much, so often, one after the other.
struct caller_order {
  caf::actor worker;
  double seconds = 0;
  size_t times = 0;
  /// Before each of them.
  std::chrono::microseconds pause = 0us;
};

/// Tells a caller to go on.
struct ask_again {};

struct latencies {
  durations taken;
};

} // namespace

PYACTOR_LOCAL_MESSAGE(spin)
PYACTOR_LOCAL_MESSAGE(caller_order)
PYACTOR_LOCAL_MESSAGE(ask_again)
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

/// What goes on in a spinner, for others to see.
struct spinning_state {
  std::promise<void> begun;
  std::atomic<bool> over = false;
};

caf::behavior spinner(python_actor* self,
                      const std::shared_ptr<spinning_state>& state) {
  auto python = self->python();
  auto bind = [&](const char* name, auto function) {
    value_or_throw(define(python.attached(), python.environment(), name,
                          std::move(function)));
  };
  bind("begin", [state] { state->begun.set_value(); });
  bind("is_over", [state] { return state->over.load(); });
  python.exec(spinning);
  return {
    [self](spin) { self->python().call<value>("spin"); },
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
        order_ = order;
        taken_.clear();
        pause();
        return reply_;
      },
      [this](ask_again) { ask(); },
    };
  }

private:
  void pause() {
    if (order_.pause == 0us)
      ask();
    else
      delayed_send(this, order_.pause, ask_again{});
  }

  void ask() {
    auto start = clock_type::now();
    request(order_.worker, caf::infinite, order_.seconds)
      .then(
        [this, start](const value&) {
          taken_.push_back(clock_type::now() - start);
          if (taken_.size() < order_.times)
            pause();
          else
            reply_.deliver(latencies{std::exchange(taken_, {})});
        },
        pyactor::bench::fail);
  }

  caller_order order_;
  caf::response_promise reply_;
  durations taken_;
};

class fairness_world {
public:
  explicit fairness_world(size_t contexts = 1)
    : system_(configured()), self_(system_) {
    runtime_options options;
    options.pools["default"] = {.size = contexts};
    python_
      = value_or_throw(pyactor::runtime::runtime::start(system_, options));
  }

  caf::actor spawn_worker() {
    return python_->spawn_function({.index = 0}, worker);
  }

  /// Has another context spin, from when this returns until `over`.
  std::shared_ptr<spinning_state> spin_beside() {
    auto state = std::make_shared<spinning_state>();
    auto neighbour = python_->spawn_function({.index = 1}, spinner, state);
    self_->send(neighbour, spin{});
    state->begun.get_future().wait();
    return state;
  }

  /// Has every caller work its way through its order.
  /// @returns the 99th percentile of what all of them saw, where there are
  ///          several without the first
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
          if (i > 0 || pending.size() == 1)
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

/// A plain actor asks one that needs a GIL which another context keeps busy; it
/// handles the answer as a guest of the context that gave it.
double shared_gil() {
  fairness_world world{2};
  auto worker = world.spawn_worker();
  auto neighbour = world.spin_beside();
  // In a pause the neighbour gets the GIL.
  auto result = world.p99_seconds({{worker, 0, 500, 1ms}});
  neighbour->over = true;
  return result;
}

double switch_interval() {
  return std::chrono::duration<double>{python_config{}.switch_interval}.count();
}

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
  add("floor/shared_gil", switch_interval);
  add("pyactor/shared_gil", shared_gil);
  return pyactor::bench::run_benchmarks(argc, argv);
}
