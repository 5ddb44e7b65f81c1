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

/// Whether storms make a process grow. The first quarter is the warm-up.
/// @param samples   of one runtime, or of runtimes that did the same
/// @param frees     whether memory that is freed goes back: not under a
///                  sanitizer, so that what is resident may grow
/// @returns one for each of resident memory, environments, threads and files;
///          none where the samples are too few for a slope
[[nodiscard]] std::optional<std::vector<trend>>
judge(std::span<const sample> samples, bool frees);

} // namespace pyactor::test
