#include <Python.h>

#include <pyactor/libpyactor/entry_scope.hpp>

#include <utility>

namespace pyactor {

entry_scope::entry_scope(attach_scope&) noexcept
  : handled_(PyErr_GetHandledException()), variables_(nullptr) {
  if (handled_)
    PyErr_SetHandledException(Py_None);
  enter();
}

entry_scope::~entry_scope() {
  leave();
  if (handled_) {
    PyErr_SetHandledException(handled_);
    Py_DECREF(handled_);
  }
}

void entry_scope::renew(attach_scope&) noexcept {
  if (variables_ && PyObject_Size(variables_) == 0) [[likely]]
    return;
  leave();
  enter();
}

/// Without memory for a context the code runs in the outer one.
void entry_scope::enter() noexcept {
  variables_ = PyContext_New();
  if (!variables_ || PyContext_Enter(variables_) != 0)
    PyErr_Clear();
}

void entry_scope::leave() noexcept {
  auto* left = std::exchange(variables_, nullptr);
  if (!left)
    return;
  if (PyContext_Exit(left) != 0)
    PyErr_Clear();
  Py_DECREF(left); // runs the code of what goes with it
}

} // namespace pyactor
