// A question to a supervisor while 2000 children of another one crash 50 ms
// after each of their starts, for 10 s, under limits on starts; beside the same
// question while nothing else happens.

#include <pyactor/bench/failure.hpp>
#include <pyactor/bench/plain_counter.hpp>
#include <pyactor/bench/run_benchmarks.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace pyactor::bench;
using namespace std::chrono_literals;
namespace supervisors = pyactor::supervisors;

namespace {

/// What a child of the storm tells itself.
struct crash {};

} // namespace

PYACTOR_LOCAL_MESSAGE(crash)

namespace {

using clock_type = std::chrono::steady_clock;

constexpr size_t children = 2000;
constexpr auto life = 50ms;
constexpr auto storm_duration = 10s;
/// Half of what the limit on restarts lets through in that time.
constexpr uint64_t least_restarts = 10'000;
constexpr auto calm_duration = 2s;

/// Between two questions: long enough for all threads to fall asleep.
constexpr auto pause = 500us;

caf::behavior short_lived(caf::event_based_actor* self) {
  self->delayed_send(self, life, crash{});
  return {[self](crash) {
    self->quit(caf::make_error(caf::sec::runtime_error, "as every time"));
  }};
}

class stormy_world {
public:
  stormy_world() : system_(config_) {
    supervisors::child_spec spec;
    spec.id = "child";
    spec.start = supervisors::start_function(plain_counter);
    bystander_ = supervisors::start_supervisor(system_, {}, {spec}).value();
  }

  /// @returns how long the bystander takes to answer, in order of size
  std::vector<clock_type::duration> latencies(clock_type::duration duration) {
    std::vector<clock_type::duration> result;
    caf::scoped_actor self{system_};
    for (auto end = clock_type::now() + duration; clock_type::now() < end;) {
      std::this_thread::sleep_for(pause);
      auto start = clock_type::now();
      self
        ->request(bystander_->handle(), caf::infinite,
                  supervisors::count_children{})
        .receive([](const supervisors::count_children_reply&) {}, fail);
      result.push_back(clock_type::now() - start);
    }
    std::ranges::sort(result);
    return result;
  }

  std::vector<clock_type::duration> latencies_in_storm() {
    auto storm = start_storm();
    auto result = latencies(storm_duration);
    auto seen = storm.statistics().value();
    if (seen.restarts < least_restarts)
      fail(caf::make_error(caf::sec::runtime_error,
                           "the storm had only " + std::to_string(seen.restarts)
                             + " restarts"));
    storm.stop().value();
    return result;
  }

private:
  supervisors::supervisor_ref start_storm() {
    supervisors::supervisor_flags flags;
    flags.on_limit = supervisors::escalation::keep_backoff;
    flags.intensity = std::numeric_limits<uint32_t>::max();
    flags.throttle = supervisors::start_throttle{{.max_concurrent_starts = 16,
                                                  .restarts_per_second = 2000,
                                                  .restart_burst = 100}};
    std::vector<supervisors::child_spec> specs;
    for (size_t i = 0; i < children; ++i) {
      supervisors::child_spec spec;
      spec.id = std::to_string(i);
      spec.start = supervisors::start_function(short_lived);
      specs.push_back(std::move(spec));
    }
    return supervisors::start_supervisor(system_, flags, specs).value();
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  std::optional<supervisors::supervisor_ref> bystander_;
};

} // namespace

int main(int argc, char** argv) {
  stormy_world world;
  auto add = [](std::string name, auto measure, size_t percent) {
    auto run = [measure, percent](benchmark::State& state) {
      for (auto _ : state) {
        auto sorted = measure();
        std::chrono::duration<double> taken
          = sorted[sorted.size() * percent / 100];
        state.SetIterationTime(taken.count());
      }
      state.SetItemsProcessed(state.iterations());
    };
    benchmark::RegisterBenchmark(name.c_str(), run)
      ->UseManualTime()
      ->Iterations(1);
  };
  for (size_t percent : {50, 99}) {
    auto suffix = "/p" + std::to_string(percent);
    add(
      "floor" + suffix, [&] { return world.latencies(calm_duration); },
      percent);
    add(
      "pyactor" + suffix, [&] { return world.latencies_in_storm(); }, percent);
  }
  return run_benchmarks(argc, argv);
}
