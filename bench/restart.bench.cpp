// From the crash of a supervised Python actor to the first answer of its
// replacement. The floor is the life of an actor that nobody supervises and
// that says when it has started: spawned, ready, one request, ended.

#include <pyactor/bench/lifecycle.hpp>
#include <pyactor/bench/python_counter.hpp>
#include <pyactor/bench/request_bench.hpp>
#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <chrono>
#include <limits>
#include <string>
#include <utility>

using namespace pyactor::bench;
using pyactor::actor_class;
using pyactor::value;
using pyactor::runtime::call;
namespace supervisors = pyactor::supervisors;

namespace {

/// The counter of the other rows, which can crash.
const auto crashing_counter = std::string{counter_class}
                              + "    def crash(self):\n"
                                "        raise RuntimeError('on purpose')\n";

/// An actor has started.
struct ready {};

} // namespace

PYACTOR_LOCAL_MESSAGE(ready)

namespace {

/// A plain CAF actor that sees actors live, one after the other: each gets one
/// request when it is ready, and is ended after its answer. Answers `live` with
/// the nanoseconds of so many lives.
class witness : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {
      [this](ready) {
        request(current(), caf::infinite,
                call{"increment", {.positional = {1}}})
          .then([this](const value&) { answered(); }, fail);
      },
      [this](const live& order) {
        reply_ = make_response_promise();
        left_ = order.times;
        start_ = std::chrono::steady_clock::now();
        replace();
        return reply_;
      },
    };
  }

protected:
  /// @returns the actor that is ready
  virtual caf::actor current() = 0;

  /// Ends the current actor, and has the next one start.
  virtual void replace() = 0;

private:
  void answered() {
    if (--left_ > 0)
      replace();
    else
      reply_.deliver(
        std::chrono::nanoseconds{std::chrono::steady_clock::now() - start_}
          .count());
  }

  caf::response_promise reply_;
  int64_t left_ = 0;
  std::chrono::steady_clock::time_point start_;
};

class unsupervised : public witness {
public:
  unsupervised(caf::actor_config& config, pyactor::runtime::runtime& python)
    : witness(config), python_(python) {
    set_down_handler([this](const caf::down_msg&) { start(); });
  }

private:
  caf::actor current() override {
    return current_;
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
  actor_class what_ = actor_class::from_source(crashing_counter, "Counter");
  caf::actor current_;
};

class supervised : public witness {
public:
  supervised(caf::actor_config& config, supervisors::child_ref child)
    : witness(config), child_(std::move(child)) {
  }

private:
  caf::actor current() override {
    return child_.current().value();
  }

  void replace() override {
    request(current(), caf::infinite, call{"crash", {}})
      .then([](const value&) {}, [](const caf::error&) {});
  }

  supervisors::child_ref child_;
};

class restart_world : public request_world {
public:
  void floor(benchmark::State& state) {
    measure(state, system().spawn<unsupervised>(std::ref(python())));
  }

  void crash(benchmark::State& state) {
    supervisors::supervisor_flags flags;
    flags.intensity = std::numeric_limits<uint32_t>::max();
    auto watcher = std::make_shared<caf::actor>();
    flags.observer = [watcher](const supervisors::supervision_event& news) {
      if (news.what == supervisors::supervision_event::kind::restarted)
        caf::anon_send(*watcher, ready{});
    };
    supervisors::child_spec spec;
    spec.id = "counter";
    spec.start = supervisors::start_python(
      python(), actor_class::from_source(crashing_counter, "Counter"));
    auto supervisor
      = supervisors::start_supervisor(system(), flags, {spec}).value();
    *watcher = system().spawn<supervised>(supervisor.child("counter"));
    measure(state, *watcher);
    supervisor.stop().value();
  }

private:
  void measure(benchmark::State& state, const caf::actor& watcher) {
    constexpr int64_t lives = 2'000;
    caf::scoped_actor self{system()};
    for (auto _ : state)
      self->request(watcher, caf::infinite, live{lives})
        .receive(
          [&](int64_t ns) {
            state.SetIterationTime(static_cast<double>(ns) * 1e-9);
          },
          fail);
    state.SetItemsProcessed(state.iterations() * lives);
    self->send_exit(watcher, caf::exit_reason::user_shutdown);
  }
};

} // namespace

int main(int argc, char** argv) {
  restart_world world;
  auto add = [&](const char* name,
                 void (restart_world::*run)(benchmark::State&)) {
    benchmark::RegisterBenchmark(name, [&world, run](benchmark::State& state) {
      (world.*run)(state);
    })->UseManualTime();
  };
  add("floor", &restart_world::floor);
  add("pyactor", &restart_world::crash);
  return run_benchmarks(argc, argv);
}
