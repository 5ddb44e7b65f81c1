// What a second context of its own GIL adds: CPU-bound work, and pairs of a
// client and an actor, beside the same pairs of plain CAF actors.

#include <pyactor/bench/python_counter.hpp>
#include <pyactor/bench/request_bench.hpp>

#include <array>
#include <cstdio>
#include <vector>

using namespace pyactor::bench;
using pyactor::interpreter_kind;
using pyactor::runtime::exec;
using pyactor::runtime::placement;

namespace {

constexpr auto cpu_bound = "n = 0\n"
                           "for i in range(2_000_000):\n"
                           "    n += i & 3\n";

class two_contexts_world {
public:
  /// So many that it does not count how CAF's workers, for 50 ms after the
  /// start of a client, look for more to do: a second pair leaves them no
  /// processor.
  static constexpr int64_t requests = 4'000'000;
  static constexpr int64_t in_flight = 16;

  two_contexts_world() : system_(configured()), self_(system_) {
    pyactor::runtime::runtime_options options;
    options.pools["default"] = {.kind = interpreter_kind::own_gil, .size = 2};
    python_ = pyactor::value_or_throw(
      pyactor::runtime::runtime::start(system_, options));
  }

  caf::actor_system& system() noexcept {
    return system_;
  }

  pyactor::runtime::runtime& python() noexcept {
    return *python_;
  }

  /// @returns the seconds until both of these contexts have done their work
  double work_on(std::array<size_t, 2> where) {
    auto start = clock::now();
    std::vector<decltype(self_->request(caf::actor{}, caf::infinite, exec{}))>
      pending;
    for (auto index : where)
      pending.push_back(
        self_->request(python_->context_server_at({.index = index}),
                       caf::infinite, exec{cpu_bound}));
    for (auto& one : pending)
      one.receive([](const pyactor::value&) {}, fail);
    return seconds_since(start);
  }

  /// @returns the seconds that clients of these servers, one of each, take
  double serve(const std::vector<caf::actor>& servers) {
    auto make = [] { return increment{1}; };
    using client_type = request_client<int64_t, decltype(make)>;
    std::vector<caf::actor> clients;
    for (auto& server : servers)
      clients.push_back(system_.spawn<client_type>(server, make));
    auto start = clock::now();
    std::vector<decltype(self_->request(caf::actor{}, caf::infinite, go{}))>
      pending;
    for (auto& client : clients)
      pending.push_back(
        self_->request(client, caf::infinite, go{requests, in_flight}));
    for (auto& one : pending)
      one.receive([](int64_t) {}, fail);
    auto result = seconds_since(start);
    for (auto& client : clients)
      self_->send_exit(client, caf::exit_reason::user_shutdown);
    return result;
  }

private:
  using clock = std::chrono::steady_clock;

  static double seconds_since(clock::time_point start) {
    return std::chrono::duration<double>{clock::now() - start}.count();
  }

  caf::actor_system_config& configured() {
    pyactor::runtime::configure(config_);
    return config_;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  std::unique_ptr<pyactor::runtime::runtime> python_;
};

} // namespace

int main(int argc, char** argv) {
  if (!pyactor::main_interpreter::supports_own_gil()) {
    std::fputs("own-GIL interpreters need CPython 3.14\n", stderr);
    return 1;
  }
  two_contexts_world world;
  // Benchmarks outlive `main`: what they held of an actor would keep it alive.
  auto add = [](const char* name, auto seconds) {
    auto run = [seconds](benchmark::State& state) {
      for (auto _ : state)
        state.SetIterationTime(seconds());
      state.SetItemsProcessed(state.iterations());
    };
    benchmark::RegisterBenchmark(name, run)->UseManualTime()->Iterations(1);
  };
  add("floor/cpu", [&] { return world.work_on({0, 0}); });
  add("pyactor/cpu", [&] { return world.work_on({0, 1}); });
  // What two pairs take, in times of what one takes: microseconds stand for a
  // number here.
  auto growth = [&](const caf::actor& one, const caf::actor& other) {
    return world.serve({one, other}) / world.serve({one}) * 1e-6;
  };
  auto plain = world.system().spawn(plain_counter);
  auto plain_too = world.system().spawn(plain_counter);
  add("floor/pairs", [&] { return growth(plain, plain_too); });
  auto pinned = world.python().spawn<pinned_counter>(placement{.index = 0});
  auto pinned_too = world.python().spawn<pinned_counter>(placement{.index = 1});
  add("pyactor/pairs", [&] { return growth(pinned, pinned_too); });
  return run_benchmarks(argc, argv);
}
