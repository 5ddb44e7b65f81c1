#include <pyactor/test/storm/soak.hpp>

#include <pyactor/test/storm/judge.hpp>
#include <pyactor/test/storm/storm.hpp>
#include <pyactor/test/storm/watch.hpp>
#include <pyactor/test/support/footprint.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace pyactor::test {

namespace {

using clock_type = std::chrono::steady_clock;
using seconds = soak_options::seconds;

/// Longer than what is no storm takes: the start of a runtime, the look at one,
/// and its end.
constexpr seconds runtime_limit = 240s;

/// A sanitizer keeps the memory that is freed.
constexpr double most_kib = instrumented
                              ? std::numeric_limits<double>::infinity()
                              : growth_limits{}.resident_kib;

/// One runtime that grows old.
constexpr growth_limits limits_of_one{.resident_kib = most_kib};

/// Runtimes of any age: an old one has about 100 blocks less, so that their
/// slope swings. Some hundred of them end in a minute.
constexpr growth_limits limits_of_many{.resident_kib = most_kib, .blocks = 300};

interruption never(uint64_t) {
  return interruption::none;
}

/// @thread one, but for `print_line` and `give_up`: those run on that of the
///         watch
class soak {
public:
  explicit soak(const soak_options& options)
    : options_(options), seed_(options.seed),
      watch_(
        options.line_interval, [this] { print_line(); },
        [this] { give_up(); }) {
  }

  bool run() {
    print("first half: one runtime that nothing interrupts\n");
    if (!run_life(options_.duration / 2, never) || !is_steady(limits_of_one))
      return false;
    print("second half: runtimes that storms interrupt\n");
    // Older versions of CPython leave memory behind at each end of theirs.
    auto* choose
      = main_interpreter::supports_own_gil() ? interruption_of : never;
    while (elapsed() < options_.duration)
      if (!run_life(options_.duration, choose))
        return false;
    return is_steady(limits_of_many);
  }

private:
  /// Shows a runtime to the thread of the watch.
  class shown {
  public:
    shown(soak& to, const storm_world& world) : to_(to) {
      std::unique_lock guard{to_.mtx_};
      to_.world_ = &world;
    }

    shown(const shown&) = delete;
    shown& operator=(const shown&) = delete;

    ~shown() {
      std::unique_lock guard{to_.mtx_};
      to_.steps_ += std::exchange(to_.world_, nullptr)->steps();
    }

  private:
    soak& to_;
  };

  // -- storms -----------------------------------------------------------------

  /// Runs storms on one runtime until a time, or until one interrupts it.
  bool run_life(seconds end, interruption (*choose)(uint64_t seed)) {
    begin_stage("the start of a runtime", runtime_limit);
    storm_world world{options_.size, options_.planted};
    shown for_lines{*this, world};
    while (elapsed() < end) {
      auto how = choose(seed_);
      begin_stage("the storm of seed " + std::to_string(seed_),
                  options_.storm_limit, replay_of(seed_, how));
      auto report = world.run(seed_, how);
      if (!is_well(report.faults, how))
        return false;
      ++seed_;
      begin_stage("what follows a storm", runtime_limit);
      if (how != interruption::none)
        break;
      if (elapsed() >= next_sample_)
        take_sample(world);
    }
    return is_well(world.stop(), interruption::none);
  }

  bool is_well(const std::vector<std::string>& faults, interruption how) const {
    for (auto& fault : faults)
      print("%s\n", fault.c_str());
    if (!faults.empty())
      print("FAILED; once more: %s\n", replay_of(seed_, how).c_str());
    return faults.empty();
  }

  // -- what is judged ---------------------------------------------------------

  /// Notes what is there between two storms, which is the same each time.
  void take_sample(storm_world& world) {
    auto environments = world.live_environments();
    auto blocks = world.count_blocks();
    std::unique_lock guard{mtx_}; // a line being printed has files open
    samples_.push_back({elapsed(), measure(), environments, blocks});
    last_blocks_ = blocks;
    next_sample_ += options_.line_interval;
  }

  /// Judges the samples since it last did.
  /// @returns whether nothing grows
  bool is_steady(const growth_limits& limits) {
    print("%zu operations, no fault\n", steps_);
    auto trends = judge(std::exchange(samples_, {}), limits);
    if (!trends) {
      print("too short to say whether something grows\n");
      return true;
    }
    for (auto& each : *trends)
      print("%-12s %+8.2f a minute, at most %g: %s\n", each.what.c_str(),
            each.rate, each.limit, each.grows() ? "FAILED" : "ok");
    return std::ranges::none_of(*trends, &trend::grows);
  }

  // -- what is said meanwhile -------------------------------------------------

  void begin_stage(std::string what, seconds limit, std::string replay = {}) {
    {
      std::unique_lock guard{mtx_};
      stage_ = {std::move(what), limit, std::move(replay)};
    }
    watch_.begin_stage(limit);
  }

  /// Says what is there now, in the midst of a storm or between two; the blocks
  /// are those of the last sample.
  void print_line() {
    std::unique_lock guard{mtx_};
    auto now = elapsed();
    auto taken = now - std::exchange(last_line_, now);
    auto steps = steps_ + (world_ ? world_->steps() : 0);
    auto done = steps - std::exchange(last_steps_, steps);
    auto process = measure();
    print(
      "%6.0f of %.0f s  %9zu operations  %6.0f/s  RSS %6.1f MiB  "
      "%llu environments  %lld blocks  %lld threads  %lld files\n",
      now.count(), options_.duration.count(), steps,
      static_cast<double>(done) / taken.count(),
      static_cast<double>(process.resident_kib) / 1024,
      static_cast<unsigned long long>(world_ ? world_->live_environments() : 0),
      static_cast<long long>(last_blocks_),
      static_cast<long long>(process.threads),
      static_cast<long long>(process.files));
  }

  /// Says what hangs, and ends the process: what hangs cannot be ended.
  [[noreturn]] void give_up() {
    std::unique_lock guard{mtx_};
    print("FAILED: %s has not ended within %g s\n", stage_.what.c_str(),
          stage_.limit.count());
    if (world_)
      for (auto& line : world_->outstanding())
        print("%s\n", line.c_str());
    if (!stage_.replay.empty())
      print("once more: %s\n", stage_.replay.c_str());
    std::_Exit(EXIT_FAILURE);
  }

  /// @thread any
  template <class... Ts>
  void print(const char* format, Ts... xs) const {
    std::fprintf(options_.out, format, xs...);
    std::fflush(options_.out);
  }

  seconds elapsed() const {
    return clock_type::now() - start_;
  }

  struct stage {
    std::string what;
    seconds limit;
    /// The command that runs it once more; empty where there is none.
    std::string replay;
  };

  const soak_options options_;
  const clock_type::time_point start_ = clock_type::now();
  uint64_t seed_;
  std::vector<sample> samples_;
  seconds next_sample_ = options_.line_interval;

  std::mutex mtx_;
  // guarded by mtx_
  stage stage_;
  /// That of the storm that runs, or null.
  const storm_world* world_ = nullptr;
  /// On runtimes that have ended.
  size_t steps_ = 0;
  int64_t last_blocks_ = 0;
  seconds last_line_{};
  size_t last_steps_ = 0;

  /// Uses all of the above.
  watch watch_;
};

} // namespace

bool run_soak(const soak_options& options) {
  return soak{options}.run();
}

} // namespace pyactor::test
