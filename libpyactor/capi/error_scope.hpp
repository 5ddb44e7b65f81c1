#pragma once

#include <Python.h>

namespace pyactor::capi {

/// Puts the exception that is set aside, and sets it again at the end: for code
/// that may run while an exception is on its way. What is set meanwhile is
/// dropped.
/// @thread attached; lives on the stack
class error_scope {
public:
  error_scope() noexcept : raised_(PyErr_GetRaisedException()) {
  }

  error_scope(const error_scope&) = delete;
  error_scope& operator=(const error_scope&) = delete;

  ~error_scope() {
    PyErr_SetRaisedException(raised_);
  }

private:
  PyObject* raised_;
};

} // namespace pyactor::capi
