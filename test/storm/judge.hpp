#pragma once

#include <pyactor/test/support/footprint.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pyactor::test {

/// What is there between two storms.
struct sample {
  /// Since the first storm.
  std::chrono::duration<double> at{};
  footprint process;
  uint64_t environments = 0;
  /// As `storm_world::count_blocks` has it.
  int64_t blocks = 0;
};

/// How something that should not grow has changed.
struct trend {
  std::string what;
  /// A minute.
  double rate = 0;
  double limit = 0;

  [[nodiscard]] bool grows() const noexcept {
    return rate > limit;
  }
};

/// By how much may grow, in a minute, what is never quite the same.
struct growth_limits {
  /// At 10,000 operations a second, one byte for each is 586 KiB.
  double resident_kib = 128;
  /// Some hundred storms or more leave none.
  double blocks = 20;
};

/// Whether storms make a process grow. The first quarter is the warm-up.
/// @param samples of one runtime, or of runtimes that did the same
/// @returns one for each of resident memory, environments, blocks of CPython,
///          threads and files; none where the samples are too few for a slope
[[nodiscard]] std::optional<std::vector<trend>>
judge(std::span<const sample> samples, const growth_limits& limits = {});

} // namespace pyactor::test
