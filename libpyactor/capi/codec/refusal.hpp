#pragma once

#include <Python.h>

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>

#include <span>
#include <string>
#include <string_view>

// What a conversion says when it cannot go on. None of this runs Python code
// but for the traceback of `raised`.

namespace pyactor::capi {

/// @returns `datetime.datetime`, or `int` for a type of module `builtins`
[[nodiscard]] std::string type_name(PyTypeObject* type);

/// @returns what to pass in the place of an object that has no exact form
[[nodiscard]] std::string_view remedy_for(PyTypeObject* type);

/// An object that is no `value`, for example
/// `$: datetime.datetime is not convertible; pass isoformat()`.
[[nodiscard]] unexpected refuse_object(PyObject* object);

/// An object where another type is asked for.
/// @param wanted for example `a list or tuple`
/// @param remedy for example `list(x)`; empty for none
[[nodiscard]] unexpected refuse_type(PyObject* object, std::string_view wanted,
                                     std::string_view remedy);

/// A container that Python code changed while its items were converted.
[[nodiscard]] unexpected refuse_change(PyObject* container);

/// Takes the exception that is set.
/// @returns it, with the root as its path
[[nodiscard]] error raised(attach_scope& py);

/// Keys of a dict, or elements of a set, that are too few once they are in.
/// @param what `keys` or `elements`
/// @returns `not_convertible` that names the first two that are equal
[[nodiscard]] unexpected refuse_equal(attach_scope& py,
                                      std::span<PyObject* const> items,
                                      std::string_view what);

/// An object that cannot be a key: takes the exception that is set, which came
/// of an attempt to hash it.
[[nodiscard]] unexpected refuse_unhashable(attach_scope& py, PyObject* object);

} // namespace pyactor::capi
