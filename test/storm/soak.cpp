// Runs storms for so many minutes, says every 10 s how it goes, and fails where
// a storm finds a fault or where something grows.

#include <pyactor/test/storm/storm.hpp>
#include <pyactor/test/storm/trend.hpp>
#include <pyactor/test/support/footprint.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <vector>

using namespace pyactor::test;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr seconds line_interval = 10s;
/// Fewer lines, after those of the warm-up, say nothing of a slope.
constexpr size_t enough_lines = 6;

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

/// What is there between two storms.
struct sample {
  seconds at;
  footprint process;
  uint64_t environments;
};

class soak {
public:
  explicit soak(const order_for_soak& order)
    : duration_(order.duration), seed_(order.seed) {
  }

  /// @returns whether all is well
  bool run() {
    while (!over())
      if (!run_life())
        return false;
    return judge();
  }

private:
  seconds elapsed() const {
    return clock_type::now() - start_;
  }

  bool over() const {
    return elapsed() >= duration_;
  }

  /// Runs storms on one runtime, until one interrupts it.
  bool run_life() {
    storm_world world;
    while (!over()) {
      // Older versions of CPython leave memory behind at each end of theirs.
      auto how = pyactor::main_interpreter::supports_own_gil()
                   ? interruption_of(seed_)
                   : interruption::none;
      auto report = world.run(seed_, how);
      if (!is_well(report.faults))
        return false;
      ++seed_;
      steps_ += report.steps;
      if (how != interruption::none)
        break;
      if (elapsed() >= next_line_)
        print_line(world);
    }
    return is_well(world.stop());
  }

  bool is_well(const std::vector<std::string>& faults) const {
    auto seed = static_cast<unsigned long long>(seed_);
    for (auto& fault : faults)
      std::printf("seed %llu: %s\n", seed, fault.c_str());
    if (!faults.empty())
      std::printf("FAILED; scripts/soak 1 %llu begins with this storm\n", seed);
    return faults.empty();
  }

  void print_line(const storm_world& world) {
    auto now = sample{elapsed(), measure(), world.live_environments()};
    auto taken = now.at - (lines_.empty() ? seconds{} : lines_.back().at);
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

  bool judge() const {
    // The first quarter is the warm-up.
    std::span lines = std::span{lines_}.subspan(lines_.size() / 4);
    std::printf("%zu operations, no fault\n", steps_);
    if (lines.size() < enough_lines) {
      std::printf("too short to say whether something grows\n");
      return true;
    }
    auto grows = [&](const char* what, double limit, auto amount) {
      std::vector<point> points;
      for (auto& line : lines)
        points.push_back(
          {line.at.count() / 60, static_cast<double>(amount(line))});
      auto rate = slope(points);
      std::printf("%-12s %+8.2f a minute, at most %g: %s\n", what, rate, limit,
                  rate > limit ? "FAILED" : "ok");
      return rate > limit;
    };
    // A sanitizer keeps freed memory. Else, at 10,000 operations a second, one
    // byte for each is 586 KiB a minute.
    auto limit = instrumented ? std::numeric_limits<double>::infinity() : 128;
    auto faults
      = grows("RSS in KiB", limit,
              [](auto& x) { return x.process.resident_kib; })
        + grows("environments", 0.1, [](auto& x) { return x.environments; })
        + grows("threads", 0.1, [](auto& x) { return x.process.threads; })
        + grows("files", 0.1, [](auto& x) { return x.process.files; });
    return faults == 0;
  }

  seconds duration_;
  uint64_t seed_;
  clock_type::time_point start_ = clock_type::now();
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
