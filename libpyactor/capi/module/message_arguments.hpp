#pragma once

#include <Python.h>

#include <pyactor/libpyactor/capi/module/module_state.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <span>
#include <string_view>

namespace pyactor::capi {

/// A call as vectorcall passes it: positional arguments, then those that
/// `names`, a tuple or null, names.
struct vectorcall {
  PyObject* const* items;
  Py_ssize_t positional;
  PyObject* names;

  /// Drops the first `n` positional arguments.
  [[nodiscard]] vectorcall skip(Py_ssize_t n) const noexcept {
    return {items + n, positional - n, names};
  }
};

/// @returns the text of a `str`, which lives as long as `text`, or null data
///          with an exception that starts with `what`
[[nodiscard]] std::string_view read_str(PyObject* text, const char* what);

/// @returns the name of a method that may be called from outside, or null data
///          with an exception set
[[nodiscard]] std::string_view read_method(PyObject* name);

/// @returns those of the calling thread. Threads that open the main interpreter
///          share the module, but not its limits
[[nodiscard]] const interpreter_limits&
limits_here(const module_state& state) noexcept;

/// Converts what `send` and `spawn` pass on.
/// @returns false with an exception set
[[nodiscard]] bool read_arguments(const module_state& state, vectorcall call,
                                  arguments& result);

/// `send` to a receiver that is known.
/// @param call method name, then its arguments
/// @returns None, or null with an exception set
[[nodiscard]] PyObject* send_message(const module_state& state,
                                     const actor_ref& receiver,
                                     vectorcall call);

} // namespace pyactor::capi
