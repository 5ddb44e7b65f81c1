#pragma once

#include <Python.h>

#include <pyactor/libpyactor/conversion/nesting.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/interpreter.hpp>

#include <cstddef>
#include <exception>
#include <new>

namespace pyactor::capi {

/// What the module `_pyactor` holds, once for each interpreter.
/// @thread attached; written by `install_package` only, before Python code of
///         the interpreter can ask for it
struct module_state {
  /// Where the interpreter's own dict holds the module.
  static constexpr char key[] = "pyactor.module";

  /// Null where there is no actor runtime.
  host* outside;
  /// For threads that Python code started; others have their interpreter's.
  interpreter_limits limits;
  // Strong references.
  PyTypeObject* actor_ref_type;
  PyObject* reject;
  PyObject* dead_actor_error;
  PyObject* interrupted;
  /// `pyactor.Actor`; null until `install_package` has run.
  PyObject* actor_class;
  /// The Python exceptions that stand for C++ ones, by their names.
  PyObject* cpp_exceptions;
};

/// @returns the state of a module object of `_pyactor`
[[nodiscard]] module_state& state_of(PyObject* module) noexcept;

/// @returns the state of the current interpreter, or null without an exception
///          set where `install_package` has not run
[[nodiscard]] module_state* current_module_state() noexcept;

/// Raises the Python exception that stands for `what` in a call of package
/// `pyactor`.
/// @returns null
PyObject* raise_error(const module_state& state, const error& what);

/// Runs `body`, which gives an object or null, on behalf of Python code; no C++
/// exception gets through to Python's frames.
template <class F>
PyObject* guarded(F&& body) noexcept {
  nesting::fresh_root root;
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  } catch (const std::exception& ex) {
    PyErr_SetString(PyExc_RuntimeError, ex.what());
    return nullptr;
  }
}

} // namespace pyactor::capi
