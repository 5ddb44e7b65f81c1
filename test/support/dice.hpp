#pragma once

#include <catch2/catch_get_random_seed.hpp>

#include <random>

namespace pyactor::test {

/// Numbers for one thread of a storm, which a run with the same `--rng-seed`
/// gives again.
class dice {
public:
  explicit dice(unsigned thread) : engine_(Catch::getSeed() + thread) {
  }

  /// @returns one of 0, 1, ..., sides - 1
  unsigned roll(unsigned sides) {
    return std::uniform_int_distribution{0U, sides - 1}(engine_);
  }

private:
  std::mt19937 engine_;
};

} // namespace pyactor::test
