#pragma once

#include <pyactor/libpyactor/conversion/converter.hpp>
#include <pyactor/libpyactor/conversion/fields.hpp>
#include <pyactor/libpyactor/conversion/mappings.hpp>
#include <pyactor/libpyactor/conversion/products.hpp>
#include <pyactor/libpyactor/conversion/scalars.hpp>
#include <pyactor/libpyactor/conversion/sequences.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/object_ref.hpp>
#include <pyactor/libpyactor/value.hpp>

// Typed conversion between C++ and Python, chosen at compile time.
//
// `to_python(py, x)` and `from_python<T>(py, object)` work for every T that has
// a `converter<T>`: bool, integers, floating point, std::string,
// std::string_view (to Python only), value, std::vector, std::array, std::map,
// std::unordered_map, std::set, std::unordered_set, std::optional, std::pair,
// std::tuple, bytes as std::vector<std::byte>, ranges (to Python only), and
// structs declared with PYACTOR_FIELDS. The same converters turn a T into a
// `value` and back: `to_value(x)`, `from_value<T>(value)`.
//
// Asking for a type is explicit, so `from_python<double>` takes an exact float,
// an exact int that a double holds exactly, or an object with `__float__` (of
// one with `__index__` too, an integer, the same as of an int), and
// `from_python<int64_t>` takes an int or an object with `__index__`; bool is
// never a number, and what does not fit is `not_convertible` with the path.
