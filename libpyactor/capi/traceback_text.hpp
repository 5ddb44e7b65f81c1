#pragma once

#include <Python.h>

#include <string>

namespace pyactor::capi {

/// @returns what `traceback.format_exception` makes of an exception, joined;
///          empty where that raises
/// @post no exception is set
[[nodiscard]] std::string traceback_text(PyObject* exception);

} // namespace pyactor::capi
