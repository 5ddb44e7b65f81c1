// From the crash of a supervised Python actor to the first answer of its
// replacement: on average, and what 50 and 99 of 100 crashes take. The floor is
// the life of an actor that nobody supervises and that says when it has
// started: spawned, ready, one request, ended.

#include <pyactor/bench/lifecycle.hpp>
#include <pyactor/bench/python_counter.hpp>
#include <pyactor/bench/request_bench.hpp>
#include <pyactor/bench/telling_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

using namespace pyactor::bench;
using pyactor::actor_class;
using pyactor::value;
using pyactor::runtime::call;
namespace supervisors = pyactor::supervisors;

namespace {

/// An actor has started.
struct ready {};

} // namespace

PYACTOR_LOCAL_MESSAGE(ready)

namespace {

/// A plain CAF actor that sees actors live, one after the other: each gets one
/// request when it is ready, and is ended after its answer. Answers `live` with
/// the nanoseconds of each life.
class witness : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {
      [this](ready) { ask(call{"increment", {.positional = {1}}}); },
      [this](const live& order) {
        reply_ = make_response_promise();
        left_ = order.times;
        lives_.clear();
        next();
        return reply_;
      },
    };
  }

protected:
  /// Requests that of the actor that is ready, and calls `answered`.
  virtual void ask(const call& what) = 0;

  /// Ends the current actor, and has the next one start.
  virtual void replace() = 0;

  void answered() {
    std::chrono::nanoseconds life{std::chrono::steady_clock::now() - start_};
    lives_.push_back(life.count());
    if (--left_ > 0)
      next();
    else
      reply_.deliver(std::move(lives_));
  }

private:
  void next() {
    start_ = std::chrono::steady_clock::now();
    replace();
  }

  caf::response_promise reply_;
  int64_t left_ = 0;
  std::vector<int64_t> lives_;
  std::chrono::steady_clock::time_point start_;
};

class unsupervised : public witness {
public:
  unsupervised(caf::actor_config& config, pyactor::runtime::runtime& python)
    : witness(config), python_(python) {
    set_down_handler([this](const caf::down_msg&) { start(); });
  }

private:
  void ask(const call& what) override {
    request(current_, caf::infinite, what)
      .then([this](const value&) { answered(); }, fail);
  }

  void replace() override {
    if (!current_) {
      start();
      return;
    }
    monitor(current_);
    send_exit(current_, caf::exit_reason::user_shutdown);
  }

  void start() {
    auto started = [me = caf::actor{this}](const caf::error& why) {
      if (why)
        fail(why);
      caf::anon_send(me, ready{});
    };
    current_ = python_.spawn_python(what_, {}, {}, started);
  }

  pyactor::runtime::runtime& python_;
  actor_class what_ = counter_class();
  caf::actor current_;
};

class supervised : public witness {
public:
  supervised(caf::actor_config& config, supervisors::child_ref child)
    : witness(config), child_(std::move(child)) {
  }

private:
  void ask(const call& what) override {
    child_.request(this, caf::infinite, what)
      .then([this](const value&) { answered(); }, fail);
  }

  void replace() override {
    child_.request(this, caf::infinite, call{"crash", {}})
      .then([](const value&) {}, [](const caf::error&) {});
  }

  supervisors::child_ref child_;
};

/// @returns one figure of many lives
using summary = double (*)(std::vector<int64_t>& lives);

double mean(std::vector<int64_t>& lives) {
  return static_cast<double>(
           std::accumulate(lives.begin(), lives.end(), int64_t{0}))
         / static_cast<double>(lives.size());
}

template <size_t Percent>
double percentile(std::vector<int64_t>& lives) {
  std::ranges::sort(lives);
  return static_cast<double>(lives[lives.size() * Percent / 100]);
}

class restart_world : public request_world {
public:
  void floor(benchmark::State& state, summary of_lives) {
    measure(state, of_lives, system().spawn<unsupervised>(std::ref(python())));
  }

  void crash(benchmark::State& state, summary of_lives) {
    supervisors::supervisor_flags flags;
    flags.intensity = std::numeric_limits<uint32_t>::max();
    auto watcher = std::make_shared<caf::actor>();
    auto listener = [watcher](const caf::actor&) {
      if (*watcher) // else it is the first time
        caf::anon_send(*watcher, ready{});
    };
    supervisors::child_spec spec;
    spec.id = "counter";
    spec.start = start_python_counter(python(), listener);
    // Its supervisor may not know yet what the watcher knows.
    spec.while_down = supervisors::buffer{};
    auto supervisor
      = supervisors::start_supervisor(system(), flags, {spec}).value();
    *watcher = system().spawn<supervised>(supervisor.child("counter"));
    measure(state, of_lives, *watcher);
    supervisor.stop().value();
  }

private:
  void measure(benchmark::State& state, summary of_lives,
               const caf::actor& watcher) {
    constexpr int64_t lives = 2'000;
    caf::scoped_actor self{system()};
    for (auto _ : state)
      self->request(watcher, caf::infinite, live{lives})
        .receive(
          [&](std::vector<int64_t>& each) {
            state.SetIterationTime(of_lives(each) * 1e-9);
          },
          fail);
    state.SetItemsProcessed(state.iterations());
    self->send_exit(watcher, caf::exit_reason::user_shutdown);
  }
};

} // namespace

int main(int argc, char** argv) {
  restart_world world;
  using workload = void (restart_world::*)(benchmark::State&, summary);
  auto add = [&](const char* name, workload run, summary of_lives) {
    benchmark::RegisterBenchmark(
      name, [&world, run, of_lives](
              benchmark::State& state) { (world.*run)(state, of_lives); })
      ->UseManualTime()
      ->Iterations(1);
  };
  add("floor/mean", &restart_world::floor, mean);
  add("pyactor/mean", &restart_world::crash, mean);
  add("floor/p50", &restart_world::floor, percentile<50>);
  add("pyactor/p50", &restart_world::crash, percentile<50>);
  add("floor/p99", &restart_world::floor, percentile<99>);
  add("pyactor/p99", &restart_world::crash, percentile<99>);
  return run_benchmarks(argc, argv);
}
