#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <string>

/// @file
/// @thread attached, to the interpreter of the objects

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// Turns the exception that is set into plain data and clears it: its type
/// with its bases, message, traceback and causes. Whatever the exception's own
/// methods raise is dropped; `SystemExit` and `KeyboardInterrupt` are
/// exceptions like others.
/// @param py attached to the interpreter in which it was raised
/// @returns a `python_exception`
/// @post no exception is set; nothing of the exception lives on
[[nodiscard]] error fetch_error(attach_scope& py);

/// Takes over what a function of the C API returned: a new reference, or null
/// with an exception set, which becomes the error.
/// @param py for what Python raises
/// @param result a new reference, which is taken over; or null
/// @returns the object, or `python_exception`
[[nodiscard]] inline expected<object_ref> take(attach_scope& py,
                                               _object* result) {
  if (!result)
    return unexpected{fetch_error(py)};
  return object_ref::steal(result);
}

/// The same for an exception that was taken already.
/// @param py attached to the interpreter of the exception
/// @param exception borrowed
/// @returns a `python_exception`
/// @post no exception is set
[[nodiscard]] error describe_exception(attach_scope& py, _object* exception);

/// @param exception borrowed; may be any object
/// @returns `builtins.ValueError` and the like
/// @post no exception is set
[[nodiscard]] std::string qualified_type(_object* exception);

} // namespace capi
} // namespace pyactor
