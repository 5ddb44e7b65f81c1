#pragma once

#include <pyactor/libpyactor/value.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pyactor::test {

/// Makes values of every kind that Python accepts, always the same ones.
class value_generator {
public:
  explicit value_generator(uint64_t seed = 20240229) : random_(seed) {
  }

  /// @param depth levels of containers at most
  value any(size_t depth);

  /// A value that may be a key.
  value hashable(size_t depth);

  /// Up to 200 bits, either sign.
  value integer();
  /// Any bits: NaN payloads, denormals, infinities, both zeros.
  value floating();
  /// Characters of every plane, NUL among them.
  value str();
  value bytes();

private:
  /// @returns a number below `bound`
  size_t below(size_t bound);
  /// Values of which Python finds no two equal.
  value::sequence distinct_hashables(size_t depth);
  value::sequence anything(size_t depth);
  value::mapping pairs(size_t depth);

  std::mt19937_64 random_;
};

/// Integers around every power of two up to 2^200, with both signs.
[[nodiscard]] std::vector<value> edge_integers();

/// Every float that is special.
[[nodiscard]] std::vector<double> edge_floats();

/// Whether a set is in it, whose order Python chooses.
[[nodiscard]] bool contains_set(const value& x);

} // namespace pyactor::test
