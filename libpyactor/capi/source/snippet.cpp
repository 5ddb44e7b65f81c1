#include <Python.h>

#include <pyactor/libpyactor/capi/source/snippet.hpp>

#include <pyactor/libpyactor/capi/text.hpp>

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
  auto name = make_name("run");
  auto* run
    = name ? PyDict_GetItemWithError(globals.get(), name.get()) : nullptr;
  return run ? object_ref::borrow(run) : object_ref{};
}

} // namespace pyactor::capi
