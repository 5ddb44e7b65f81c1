#pragma once

#include <Python.h>

#include <pyactor/libpyactor/object_ref.hpp>
#include <pyactor/libpyactor/value.hpp>

// The one place that knows how CPython's versions hand out ints of any size.

namespace pyactor::capi {

/// @param x an `int`, of a subclass too
/// @returns its number
[[nodiscard]] value integer_of(PyObject* x);

/// @param x an integer
/// @returns an `int`, or null with an exception set
[[nodiscard]] object_ref make_integer(const value& x);

} // namespace pyactor::capi
