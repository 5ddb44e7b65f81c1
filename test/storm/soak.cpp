// Runs storms for so many minutes, says every 10 s how it goes, and fails where
// a storm finds a fault or where something grows: in the first half on one
// runtime, which grows old, in the second on runtimes that storms interrupt.

#include <pyactor/test/storm/judge.hpp>
#include <pyactor/test/storm/storm.hpp>
#include <pyactor/test/support/footprint.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>
#include <random>
#include <utility>
#include <vector>

using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr seconds line_interval = 10s;

struct order_for_soak {
  seconds duration;
  uint64_t seed;
};

template <class T>
std::optional<T> read(const char* text) {
  T result{};
  auto* end = text + std::strlen(text);
  auto [rest, wrong] = std::from_chars(text, end, result);
  if (wrong != std::errc{} || rest != end)
    return std::nullopt;
  return result;
}

/// @returns none where the arguments are wrong, which it has said then
std::optional<order_for_soak> read_arguments(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fputs("usage: soak MINUTES [SEED]\n", stderr);
    return std::nullopt;
  }
  auto minutes = read<double>(argv[1]);
  if (!minutes || !(*minutes > 0) || !std::isfinite(*minutes)) {
    std::fprintf(stderr, "soak: MINUTES is %s; it must be a number above 0\n",
                 argv[1]);
    return std::nullopt;
  }
  auto seed = argc == 3 ? read<uint64_t>(argv[2]) : std::random_device{}();
  if (!seed) {
    std::fprintf(stderr, "soak: SEED is %s; it must be a whole number\n",
                 argv[2]);
    return std::nullopt;
  }
  return order_for_soak{seconds{*minutes * 60}, *seed};
}

interruption never(uint64_t) {
  return interruption::none;
}

class soak {
public:
  explicit soak(const order_for_soak& order)
    : duration_(order.duration), seed_(order.seed) {
  }

  /// @returns whether all is well
  bool run() {
    std::printf("first half: one runtime that nothing interrupts\n");
    if (!run_life(duration_ / 2, never) || !is_steady())
      return false;
    std::printf("second half: runtimes that storms interrupt\n");
    // Older versions of CPython leave memory behind at each end of theirs.
    auto* choose
      = pyactor::main_interpreter::supports_own_gil() ? interruption_of : never;
    while (elapsed() < duration_)
      if (!run_life(duration_, choose))
        return false;
    return is_steady();
  }

private:
  seconds elapsed() const {
    return clock_type::now() - start_;
  }

  /// Runs storms on one runtime until a time, or until one interrupts it.
  bool run_life(seconds end, interruption (*choose)(uint64_t seed)) {
    storm_world world;
    while (elapsed() < end) {
      auto how = choose(seed_);
      auto report = world.run(seed_, how);
      if (!is_well(report.faults, how))
        return false;
      ++seed_;
      steps_ += report.steps;
      if (how != interruption::none)
        break;
      if (elapsed() >= next_line_)
        print_line(world);
    }
    return is_well(world.stop(), interruption::none);
  }

  bool is_well(const std::vector<std::string>& faults, interruption how) const {
    for (auto& fault : faults)
      std::printf("%s\n", fault.c_str());
    if (!faults.empty())
      std::printf("FAILED; once more: %s\n", replay_of(seed_, how).c_str());
    return faults.empty();
  }

  void print_line(const storm_world& world) {
    auto now = sample{elapsed(), measure(), world.live_environments()};
    auto taken = now.at - std::exchange(last_line_, now.at);
    std::printf("%6.0f of %.0f s  %9zu operations  %6.0f/s  RSS %6.1f MiB  "
                "%llu environments  %lld threads  %lld files\n",
                now.at.count(), duration_.count(), steps_,
                static_cast<double>(steps_ - steps_before_) / taken.count(),
                static_cast<double>(now.process.resident_kib) / 1024,
                static_cast<unsigned long long>(now.environments),
                static_cast<long long>(now.process.threads),
                static_cast<long long>(now.process.files));
    std::fflush(stdout);
    lines_.push_back(now);
    steps_before_ = steps_;
    next_line_ += line_interval;
  }

  /// Judges the lines since it last did.
  /// @returns whether nothing grows
  bool is_steady() {
    std::printf("%zu operations, no fault\n", steps_);
    auto trends = judge(std::exchange(lines_, {}), !instrumented);
    if (!trends) {
      std::printf("too short to say whether something grows\n");
      return true;
    }
    for (auto& each : *trends)
      std::printf("%-12s %+8.2f a minute, at most %g: %s\n", each.what.c_str(),
                  each.rate, each.limit, each.grows() ? "FAILED" : "ok");
    return std::ranges::none_of(*trends, &trend::grows);
  }

  seconds duration_;
  uint64_t seed_;
  clock_type::time_point start_ = clock_type::now();
  seconds last_line_{};
  seconds next_line_ = line_interval;
  size_t steps_ = 0;
  size_t steps_before_ = 0;
  std::vector<sample> lines_;
};

} // namespace

int main(int argc, char** argv) {
  auto order = read_arguments(argc, argv);
  if (!order)
    return 2;
  if (!instrumented && !use_one_arena()) {
    std::fputs("soak: the C library does not take M_ARENA_MAX\n", stderr);
    return 1;
  }
  std::printf("soak: %.1f minutes from seed %llu, CPython %s\n",
              order->duration.count() / 60,
              static_cast<unsigned long long>(order->seed),
              pyactor::main_interpreter::version().c_str());
  return soak{*order}.run() ? 0 : 1;
}
