#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// Free of <Python.h>, because the templates of function.hpp call it.

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// What a Python function object calls.
struct cpp_function {
  /// For error messages and `__name__`.
  std::string name;
  /// How many arguments it takes, all of them positional.
  size_t parameter_count = 0;
  /// Takes as many arguments, borrowed; may throw.
  std::function<expected<object_ref>(attach_scope& py, _object* const* args)>
    body;
};

/// What Python code calls on any thread of an interpreter, also on one that it
/// has started. The thread is detached meanwhile, so that others run Python
/// code while this one waits.
struct any_thread_function {
  /// For error messages and `__name__`.
  std::string name;
  /// How many arguments it takes, all of them positional.
  size_t parameter_count = 0;
  /// Takes as many values, and gives a `str`, or none for None; may wait, and
  /// throw.
  std::function<expected<std::optional<std::string>>(
    const std::vector<value>& args)>
    body;
};

/// @param py attached to the interpreter that the function is for
/// @param what is called on threads of that interpreter that an `attach_scope`
///             attaches
/// @returns a new Python function that owns `what` and drops it with the last
///          reference, on a thread that is attached, or `python_exception`: no
///          memory
/// @thread attached
[[nodiscard]] expected<object_ref> make_function(attach_scope& py,
                                                 cpp_function what);

/// The same for a function that any thread may call.
/// @param py attached to the interpreter that the function is for; the package
///           `pyactor` is installed there
/// @param what is called detached
/// @returns as above: a new Python function, or `python_exception`
/// @thread attached
[[nodiscard]] expected<object_ref> make_function(attach_scope& py,
                                                 any_thread_function what);

} // namespace capi
} // namespace pyactor
