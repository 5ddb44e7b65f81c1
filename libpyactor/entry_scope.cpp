#include <Python.h>

#include <pyactor/libpyactor/entry_scope.hpp>

namespace pyactor {

entry_scope::entry_scope(attach_scope&) noexcept
  : handled_(PyErr_GetHandledException()), variables_(PyContext_New()) {
  if (handled_)
    PyErr_SetHandledException(Py_None);
  // Without memory for a context the code runs in the outer one.
  if (!variables_ || PyContext_Enter(variables_) != 0)
    PyErr_Clear();
}

entry_scope::~entry_scope() {
  if (variables_) {
    if (PyContext_Exit(variables_) != 0)
      PyErr_Clear();
    Py_DECREF(variables_);
  }
  if (handled_) {
    PyErr_SetHandledException(handled_);
    Py_DECREF(handled_);
  }
}

} // namespace pyactor
