#pragma once

#include <pyactor/libpyactor/conversion/numbers.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

// Free of <Python.h>, because the templates of conversion.hpp call it.

/// @file
/// The steps behind typed conversion of single objects. What they refuse is at
/// the root of its path. Objects that come in are borrowed.
/// @thread attached, to the interpreter of the objects

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// @param object not null, as all objects here
/// @returns whether it is Python's `None`
[[nodiscard]] bool is_none(_object* object) noexcept;

/// Takes an exact bool.
/// @param object of any type
/// @returns `not_convertible` for all else
[[nodiscard]] expected<bool> read_bool(_object* object);

/// Takes an `int`, or an object with `__index__`, which is Python code.
/// @param py for what that code raises
/// @param object of any type
/// @param wanted what the caller narrows the result to, for messages
/// @returns `not_convertible` for all else, and beyond 64 bits, or
///          `python_exception`: code of the object raised
[[nodiscard]] expected<int64_t> read_int64(attach_scope& py, _object* object,
                                           integer_shape wanted = {});
/// The same for what needs no sign.
/// @param py for what Python code raises
/// @param object of any type
/// @returns as `read_int64`; `not_convertible` also below 0
[[nodiscard]] expected<uint64_t> read_uint64(attach_scope& py, _object* object);

/// Takes a `float`, an `int` that a double holds exactly, or an object with
/// `__float__`, which is Python code; where it has `__index__` too, that
/// decides.
/// @param py for what that code raises
/// @param object of any type
/// @returns `not_convertible` for all else, or `python_exception`: code of the
///          object raised
[[nodiscard]] expected<double> read_double(attach_scope& py, _object* object);

/// Takes an exact `str`; the result is UTF-8.
/// @param object of any type
/// @returns `not_convertible` for all else, and for a lone surrogate
[[nodiscard]] expected<std::string> read_str(_object* object);

/// Takes `bytes`, and here, where bytes are asked for, `bytearray` and
/// `memoryview` as well.
/// @param py for what Python raises
/// @param object of any type
/// @returns `not_convertible` for all else, or `python_exception`: its bytes
///          cannot be had
[[nodiscard]] expected<std::vector<std::byte>> read_bytes(attach_scope& py,
                                                          _object* object);

/// Appends the numbers at the start of a list or tuple that need no more than
/// to be copied; stops at the first that does. For anything else it does
/// nothing.
/// @param container of any type
/// @param to what it appends to
void read_leading(_object* container, std::vector<int64_t>& to);
/// The same for floats.
/// @param container of any type
/// @param to what it appends to
void read_leading(_object* container, std::vector<double>& to);

/// @returns Python's `None`
[[nodiscard]] object_ref make_none() noexcept;
/// @param x which of the two
/// @returns Python's `True` or `False`
[[nodiscard]] object_ref make_bool(bool x) noexcept;
/// @param py for what Python raises
/// @param x its number
/// @returns an `int`, or `python_exception`: no memory
[[nodiscard]] expected<object_ref> make_int(attach_scope& py, int64_t x);
/// @param py for what Python raises
/// @param x its number
/// @returns an `int`, or `python_exception`: no memory
[[nodiscard]] expected<object_ref> make_uint(attach_scope& py, uint64_t x);
/// @param py for what Python raises
/// @param x kept bit for bit
/// @returns a `float`, or `python_exception`: no memory
[[nodiscard]] expected<object_ref> make_float(attach_scope& py, double x);
/// @param py for what Python raises
/// @param x the bytes; may be empty
/// @returns a copy as `bytes`, or `python_exception`: no memory
[[nodiscard]] expected<object_ref> make_bytes(attach_scope& py,
                                              std::span<const std::byte> x);

} // namespace capi
} // namespace pyactor
