#include <Python.h>

#include <pyactor/libpyactor/capi/release_globals.hpp>

#include <pyactor/libpyactor/capi/compat.hpp>
#include <pyactor/libpyactor/capi/error_scope.hpp>

#include <utility>

namespace pyactor::capi {

namespace {

/// Longer text is data, whose memory is wanted back now, not a setting.
constexpr Py_ssize_t long_text = 4096;

/// The end of a constant runs no code.
bool is_constant(PyObject* x) noexcept {
  if (PyUnicode_CheckExact(x))
    return PyUnicode_GET_LENGTH(x) <= long_text;
  if (PyBytes_CheckExact(x))
    return PyBytes_GET_SIZE(x) <= long_text;
  return x == Py_None || PyBool_Check(x) || PyLong_CheckExact(x)
         || PyFloat_CheckExact(x);
}

/// `__del__` methods need these until the end.
bool goes_last(PyObject* x) noexcept {
  return PyFunction_Check(x) || PyType_Check(x) || PyModule_Check(x)
         || PyCFunction_Check(x) || is_lazy_import(x) || is_constant(x);
}

/// `__builtins__`, `__name__` and the like.
bool is_dunder(PyObject* name) noexcept {
  if (!PyUnicode_Check(name))
    return false;
  auto size = PyUnicode_GET_LENGTH(name);
  auto at = [name](Py_ssize_t i) { return PyUnicode_READ_CHAR(name, i); };
  return size > 4 && at(0) == '_' && at(1) == '_' && at(size - 1) == '_'
         && at(size - 2) == '_';
}

/// Takes out the values that nothing needs, newest first.
/// @returns whether there were any
bool take_values(PyObject* dict) noexcept {
  auto found = false;
  auto names = object_ref::steal(PyDict_Keys(dict));
  auto i = names ? PyList_GET_SIZE(names.get()) : 0;
  while (--i >= 0) {
    auto* name = PyList_GET_ITEM(names.get(), i);
    auto* x = PyDict_GetItemWithError(dict, name);
    if (x && !goes_last(x) && !is_dunder(name))
      found = PyDict_DelItem(dict, name) == 0 || found;
    PyErr_Clear();
  }
  PyErr_Clear();
  return found;
}

} // namespace

void release_globals(attach_scope&, object_ref globals) noexcept {
  // An environment may die while an exception is on its way.
  error_scope keep;
  auto dict = std::move(globals);
  // A `__del__` may bind names anew, but not for ever.
  auto rounds = 8;
  while (take_values(dict.get()) && --rounds)
    ;
  // What only a cycle keeps alive may need the rest: not cleared here, but
  // collected together.
}

} // namespace pyactor::capi
