#pragma once

#include <pyactor/libpyactor/capi/codec/scalars.hpp>
#include <pyactor/libpyactor/capi/codec/str_text.hpp>
#include <pyactor/libpyactor/capi/from_python.hpp>
#include <pyactor/libpyactor/capi/to_python.hpp>
#include <pyactor/libpyactor/conversion/converter.hpp>
#include <pyactor/libpyactor/conversion/mismatch.hpp>
#include <pyactor/libpyactor/conversion/numbers.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace PYACTOR_EXPORT pyactor {

template <>
struct converter<value> {
  static expected<value> from_python(attach_scope& py, _object* object) {
    return capi::from_python(py, object);
  }

  static expected<object_ref> to_python(attach_scope& py, const value& x) {
    return capi::to_python(py, x);
  }

  static expected<value> from_value(const value& x) {
    return x;
  }

  static value to_value(const value& x) {
    return x;
  }
};

/// Any object, as it is.
template <>
struct converter<object_ref> {
  static expected<object_ref> from_python(attach_scope&, _object* object) {
    return object_ref::borrow(object);
  }

  static expected<object_ref> to_python(attach_scope&, const object_ref& x) {
    return x;
  }
};

template <>
struct converter<bool> {
  static expected<bool> from_python(attach_scope&, _object* object) {
    return capi::read_bool(object);
  }

  static expected<object_ref> to_python(attach_scope&, bool x) {
    return capi::make_bool(x);
  }

  static expected<bool> from_value(const value& x) {
    if (auto* truth = x.as_bool())
      return *truth;
    return refuse_value(x, "a bool");
  }

  static value to_value(bool x) {
    return x;
  }
};

template <integer_type T>
struct converter<T> {
  /// Only the widest unsigned integers hold more than `int64_t` does.
  static constexpr bool is_wide
    = std::unsigned_integral<T> && sizeof(T) == sizeof(uint64_t);

  static expected<T> from_python(attach_scope& py, _object* object) {
    if constexpr (is_wide)
      return narrowed(capi::read_uint64(py, object));
    else
      return narrowed(capi::read_int64(py, object, shape_of<T>));
  }

  static expected<object_ref> to_python(attach_scope& py, T x) {
    if constexpr (is_wide)
      return capi::make_uint(py, x);
    else
      return capi::make_int(py, x);
  }

  static expected<T> from_value(const value& x) {
    if (x.type() != value::kind::integer)
      return refuse_value(x, "an int");
    if (auto* small = x.as_int64())
      return narrow<T>(*small);
    if (auto wide = to_uint64(x); wide && is_wide)
      return static_cast<T>(*wide);
    return refuse_misfit(x, shape_of<T>);
  }

  static value to_value(T x) {
    return x;
  }

private:
  template <class U>
  static expected<T> narrowed(expected<U>&& number) {
    if constexpr (std::same_as<expected<T>, expected<U>>)
      return std::move(number);
    else if (number)
      return narrow<T>(*number);
    else
      return unexpected{std::move(number).error()};
  }
};

template <>
struct converter<double> {
  static expected<double> from_python(attach_scope& py, _object* object) {
    return capi::read_double(py, object);
  }

  static expected<object_ref> to_python(attach_scope& py, double x) {
    return capi::make_float(py, x);
  }

  static expected<double> from_value(const value& x) {
    if (auto* number = x.as_double())
      return *number;
    if (x.type() != value::kind::integer)
      return refuse_value(x, "a float");
    if (auto number = to_exact_double(x))
      return *number;
    return refuse_inexact(x);
  }

  static value to_value(double x) {
    return x;
  }
};

/// Rounds, as asking for `float` asks for its precision; what is too large for
/// it is `not_convertible`.
template <>
struct converter<float> {
  static expected<float> from_python(attach_scope& py, _object* object) {
    return rounded(converter<double>::from_python(py, object));
  }

  static expected<object_ref> to_python(attach_scope& py, float x) {
    return capi::make_float(py, x);
  }

  static expected<float> from_value(const value& x) {
    return rounded(converter<double>::from_value(x));
  }

  static value to_value(float x) {
    return x;
  }

private:
  static expected<float> rounded(expected<double>&& number) {
    if (!number)
      return unexpected{std::move(number).error()};
    auto result = static_cast<float>(*number);
    if (std::isinf(result) && !std::isinf(*number))
      return refuse_misfit_float(*number);
    return result;
  }
};

template <>
struct converter<std::string_view> {
  static expected<object_ref> to_python(attach_scope& py, std::string_view x) {
    return capi::make_str(py, x);
  }

  static value to_value(std::string_view x) {
    return x;
  }
};

template <>
struct converter<const char*> : converter<std::string_view> {};

template <>
struct converter<std::string> : converter<std::string_view> {
  static expected<std::string> from_python(attach_scope&, _object* object) {
    return capi::read_str(object);
  }

  static expected<std::string> from_value(const value& x) {
    if (auto* text = x.as_str())
      return *text;
    return refuse_value(x, "a str");
  }
};

template <>
struct converter<std::span<const std::byte>> {
  static expected<object_ref> to_python(attach_scope& py,
                                        std::span<const std::byte> x) {
    return capi::make_bytes(py, x);
  }

  static value to_value(std::span<const std::byte> x) {
    return value::bytes(x);
  }
};

template <>
struct converter<std::vector<std::byte>>
  : converter<std::span<const std::byte>> {
  static expected<std::vector<std::byte>> from_python(attach_scope& py,
                                                      _object* object) {
    return capi::read_bytes(py, object);
  }

  static expected<std::vector<std::byte>> from_value(const value& x) {
    auto* bytes = x.as_bytes();
    if (!bytes)
      return refuse_value(x, "bytes");
    auto view = std::as_bytes(std::span{*bytes});
    return std::vector<std::byte>{view.begin(), view.end()};
  }
};

} // namespace pyactor
