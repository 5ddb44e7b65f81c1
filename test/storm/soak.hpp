#pragma once

#include <pyactor/test/storm/plan.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace pyactor::test {

struct soak_options {
  using seconds = std::chrono::duration<double>;

  seconds duration;
  /// Of the first storm; the next one has the next number.
  uint64_t seed = 0;
  storm_size size = {};
  /// As for `storm_world`.
  std::string planted = {};
  seconds line_interval{10};
  /// Longer than a storm takes that works. One whose requests get no outcome
  /// gives them up, and says which, before that.
  seconds storm_limit{120};
  /// Where it says how it goes.
  std::FILE* out = stdout;
};

/// Runs storms for so long, and says at each interval how it goes: in the first
/// half on one runtime, which grows old, in the second on runtimes that storms
/// interrupt. Ends the process where a storm, or the start or the end of a
/// runtime, does not come back: it fails, and says what is outstanding.
/// @returns whether no storm found a fault, and nothing grew
[[nodiscard]] bool run_soak(const soak_options& options);

} // namespace pyactor::test
