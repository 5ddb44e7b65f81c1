#include <Python.h>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/actor_module.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/module/module_state.hpp>
#include <pyactor/libpyactor/capi/module/package_text.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <string>
#include <utility>

namespace pyactor::capi {

namespace {

constexpr char package_file[] = "<pyactor>/__init__.py";

/// Sets what `import` sets in a module that it makes.
bool describe_package(PyObject* package, PyObject* loader) {
  auto machinery
    = object_ref::steal(PyImport_ImportModule("_frozen_importlib"));
  if (!machinery)
    return false;
  auto make
    = object_ref::steal(PyObject_GetAttrString(machinery.get(), "ModuleSpec"));
  auto args = object_ref::steal(Py_BuildValue("sO", "pyactor", loader));
  auto options = object_ref::steal(
    Py_BuildValue("{s:s,s:O}", "origin", package_file, "is_package", Py_True));
  if (!make || !args || !options)
    return false;
  auto spec
    = object_ref::steal(PyObject_Call(make.get(), args.get(), options.get()));
  auto path = object_ref::steal(PyList_New(0));
  return spec && path
         && PyModule_AddObjectRef(package, "__spec__", spec.get()) == 0
         && PyModule_AddObjectRef(package, "__loader__", loader) == 0
         && PyModule_AddObjectRef(package, "__path__", path.get()) == 0
         && PyModule_AddStringConstant(package, "__package__", "pyactor") == 0
         && PyModule_AddStringConstant(package, "__file__", package_file) == 0
         && PyModule_AddObjectRef(package, "__builtins__", PyEval_GetBuiltins())
              == 0;
}

/// @returns the package, run and not yet in `sys.modules`, or null with an
///          exception set
object_ref run_package(PyObject* loader) {
  auto package = object_ref::steal(PyModule_New("pyactor"));
  if (!package || !describe_package(package.get(), loader))
    return {};
  auto code = object_ref::steal(Py_CompileString(
    std::string{package_text}.c_str(), package_file, Py_file_input));
  if (!code)
    return {};
  auto* globals = PyModule_GetDict(package.get());
  auto done = object_ref::steal(PyEval_EvalCode(code.get(), globals, globals));
  return done ? package : object_ref{};
}

/// @returns false with an exception set
bool install(host* outside, const interpreter_limits& limits) {
  auto module = object_ref::steal(PyImport_ImportModule("_pyactor"));
  auto* holder = PyInterpreterState_GetDict(PyInterpreterState_Get());
  if (!module || !holder)
    return false;
  auto& state = state_of(module.get());
  state.outside = outside;
  state.limits = limits;
  auto package = run_package(module.get());
  if (!package)
    return false;
  state.actor_class = PyObject_GetAttrString(package.get(), "Actor");
  return state.actor_class
         && PyDict_SetItemString(PyImport_GetModuleDict(), "pyactor",
                                 package.get())
              == 0
         && PyDict_SetItemString(holder, module_state::key, module.get()) == 0;
}

} // namespace

expected<void> install_package(attach_scope& py) {
  if (current_module_state())
    return {};
  auto& owner = py.owner();
  if (install(owner.internals().outside, owner.limits()))
    return {};
  auto what = fetch_error(py);
  what.code = errc::start_failed;
  what.message = "package pyactor: " + to_string(what);
  return unexpected{std::move(what)};
}

} // namespace pyactor::capi
