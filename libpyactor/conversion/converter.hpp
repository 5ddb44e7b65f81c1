#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace PYACTOR_EXPORT pyactor {

/// Converts one C++ type. Specialize it for a type of your own that no
/// PYACTOR_FIELDS fits; functions that the type has no use for may be missing:
///
///     static expected<T> from_python(attach_scope& py, _object* object);
///     static expected<object_ref> to_python(attach_scope& py, const T& x);
///     static expected<T> from_value(const value& x);
///     static value to_value(const T& x);
///
/// Objects that come in are borrowed. A failure starts with its path, `$: ` for
/// the object itself; see conversion/path.hpp.
template <class T>
struct converter;

/// The type that the converter of an argument is for: text in arrays and
/// pointers is `const char*`.
template <class T>
struct argument_type {
  /// `T` without reference and const.
  using type = std::remove_cvref_t<T>;
};

template <size_t N>
struct argument_type<char[N]> {
  using type = const char*;
};

template <size_t N>
struct argument_type<const char[N]> {
  using type = const char*;
};

template <>
struct argument_type<char*> {
  using type = const char*;
};

/// The converter for what is passed as a `T`.
template <class T>
using argument_converter = converter<typename argument_type<T>::type>;

/// @param py attached to the interpreter that the object is for
/// @param x of a type that has a `converter`
/// @returns a new Python object, `not_convertible`, or `python_exception`: no
///          memory, or code of an object in it raised
/// @thread attached
template <class T>
[[nodiscard]] expected<object_ref> to_python(attach_scope& py, const T& x) {
  return argument_converter<T>::to_python(py, x);
}

/// @param py attached to the interpreter of the object
/// @param object borrowed
/// @returns what the object is as a `T`, `not_convertible` where it is none, or
///          `python_exception` where code of the object raised
/// @thread attached
template <class T>
[[nodiscard]] expected<T> from_python(attach_scope& py, _object* object) {
  return converter<T>::from_python(py, object);
}

/// @param x of a type that has a `converter`
/// @returns `x` as a value
/// @throws std::length_error where it nests beyond `value::max_depth`
/// @thread any
template <class T>
[[nodiscard]] value to_value(const T& x) {
  return argument_converter<T>::to_value(x);
}

/// @param x of any kind
/// @returns what the value is as a `T`, or `not_convertible`
/// @thread any
template <class T>
[[nodiscard]] expected<T> from_value(const value& x) {
  return converter<T>::from_value(x);
}

} // namespace pyactor
