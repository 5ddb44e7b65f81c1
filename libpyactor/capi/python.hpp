#pragma once

// The one header of pyactor that brings <Python.h> with it, for users who work
// with CPython's own API beside ours. It needs CPython's headers and library at
// the user's side: libpyactor does not pass them on, pyactor::python does.
//
// `_object*`, as other headers have it, is `PyObject*`.
#include <Python.h>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// @param env of the interpreter that the thread is attached to
/// @returns the globals dict of an environment, borrowed: valid until its
///          release, and null from then on
/// @thread attached
[[nodiscard]] inline PyObject* globals(attach_scope&,
                                       const environment& env) noexcept {
  return env.globals();
}

} // namespace capi
} // namespace pyactor
