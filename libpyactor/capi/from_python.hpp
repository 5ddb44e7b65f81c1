#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/value.hpp>

// Free of <Python.h>, because the templates of conversion.hpp call it.

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// Makes plain data of a Python object, exactly. Runs no Python code.
/// @param object borrowed
/// @param limits of these, `nesting_depth` is at most `value::max_depth`
/// @returns `not_convertible` with path and remedy for what has no exact form
/// @post no exception is set
/// @thread attached
[[nodiscard]] expected<value> from_python(_object* object,
                                          const interpreter_limits& limits);

/// The same with the limits of the interpreter.
/// @param py its interpreter sets the limits
/// @param object borrowed
/// @returns `not_convertible`, as above
/// @thread attached
[[nodiscard]] expected<value> from_python(attach_scope& py, _object* object);

} // namespace capi
} // namespace pyactor
