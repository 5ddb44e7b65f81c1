#include <Python.h>

#include <pyactor/libpyactor/capi/source/snippet.hpp>

namespace pyactor::capi {

object_ref make_snippet(const char* text) {
  auto globals = object_ref::steal(PyDict_New());
  if (!globals
      || PyDict_SetItemString(globals.get(), "__builtins__",
                              PyEval_GetBuiltins())
           != 0)
    return {};
  auto code
    = object_ref::steal(Py_CompileString(text, "<pyactor>", Py_file_input));
  if (!code)
    return {};
  auto done = object_ref::steal(
    PyEval_EvalCode(code.get(), globals.get(), globals.get()));
  if (!done)
    return {};
  auto* run = PyDict_GetItemString(globals.get(), "run");
  return run ? object_ref::borrow(run) : object_ref{};
}

} // namespace pyactor::capi
