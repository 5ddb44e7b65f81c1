#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {

/// An integer type, for messages.
struct integer_shape {
  /// Width in bits, sign included.
  int bits = 64;
  /// Whether it holds negative numbers.
  bool is_signed = true;
};

/// The shape of `T`.
template <integer_type T>
inline constexpr integer_shape shape_of{8 * sizeof(T), std::signed_integral<T>};

/// @param number an integer
/// @returns the double that is equal to it, if there is one
[[nodiscard]] std::optional<double> to_exact_double(const value& number);

/// @param number an integer
/// @returns the 64-bit number, or nothing where there is none
[[nodiscard]] std::optional<uint64_t> to_uint64(const value& number);

/// @param number an integer, too large or too small
/// @param wanted the type that it does not fit
/// @returns `not_convertible`, at the root
[[nodiscard]] unexpected refuse_misfit(const value& number,
                                       integer_shape wanted);

/// @param number an integer that no double is equal to
/// @returns `not_convertible`, at the root
[[nodiscard]] unexpected refuse_inexact(const value& number);

/// @param number beyond the range of `float`
/// @returns `not_convertible`, at the root
[[nodiscard]] unexpected refuse_misfit_float(double number);

/// @param number of any integer type
/// @returns the same number as a `T`, or `not_convertible` where it is none
template <integer_type T, integer_type U>
expected<T> narrow(U number) {
  if (!std::in_range<T>(number))
    return refuse_misfit(number, shape_of<T>);
  return static_cast<T>(number);
}

} // namespace pyactor
