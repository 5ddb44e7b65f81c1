#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

// Free of <Python.h>, because the templates of conversion.hpp call it.

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// Makes the Python object of a value.
/// @param py its interpreter sets the limits
/// @param x of any kind
/// @returns a new object, or
///          - `not_convertible`: text that is not UTF-8, keys that are equal in
///            Python or cannot be hashed, nesting or elements beyond the
///            interpreter's limits
///          - `python_exception`: no memory
/// @thread attached
[[nodiscard]] expected<object_ref> to_python(attach_scope& py, const value& x);

} // namespace capi
} // namespace pyactor
