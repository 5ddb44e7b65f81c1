#include <Python.h>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/actor_module.hpp>
#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/module/module_state.hpp>
#include <pyactor/libpyactor/capi/module/package_text.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/extension.hpp>
#include <pyactor/libpyactor/host.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <string>
#include <utility>
#include <vector>

namespace pyactor::capi {

namespace {

/// A module that is made of a text, as `import` would make it of a file.
struct embedded_module {
  std::string name;
  std::string file;
  std::string_view text;
  bool is_package;
};

/// Sets what `import` sets in a module that it makes.
bool describe(PyObject* module, const embedded_module& what, PyObject* loader) {
  auto machinery
    = object_ref::steal(PyImport_ImportModule("_frozen_importlib"));
  if (!machinery)
    return false;
  auto make = attribute(machinery.get(), "ModuleSpec");
  auto args = object_ref::steal(Py_BuildValue("sO", what.name.c_str(), loader));
  auto options = object_ref::steal(
    Py_BuildValue("{s:s,s:O}", "origin", what.file.c_str(), "is_package",
                  what.is_package ? Py_True : Py_False));
  if (!make || !args || !options)
    return false;
  auto spec
    = object_ref::steal(PyObject_Call(make.get(), args.get(), options.get()));
  auto path = object_ref::steal(PyList_New(0));
  if (what.is_package
      && (!path || PyModule_AddObjectRef(module, "__path__", path.get()) != 0))
    return false;
  return spec && PyModule_AddObjectRef(module, "__spec__", spec.get()) == 0
         && PyModule_AddObjectRef(module, "__loader__", loader) == 0
         && PyModule_AddStringConstant(module, "__package__", "pyactor") == 0
         && PyModule_AddStringConstant(module, "__file__", what.file.c_str())
              == 0
         && PyModule_AddObjectRef(module, "__builtins__", PyEval_GetBuiltins())
              == 0;
}

/// @returns the module, not yet run, or null with an exception set
object_ref make_module(const embedded_module& what, PyObject* loader) {
  auto module = object_ref::steal(PyModule_New(what.name.c_str()));
  if (!module || !describe(module.get(), what, loader))
    return {};
  return module;
}

/// Runs the text of a module and adds it to `sys.modules`.
/// @returns false with an exception set
bool run_module(PyObject* module, const embedded_module& what) {
  auto code = object_ref::steal(Py_CompileString(
    std::string{what.text}.c_str(), what.file.c_str(), Py_file_input));
  if (!code)
    return false;
  auto* globals = PyModule_GetDict(module);
  auto done = object_ref::steal(PyEval_EvalCode(code.get(), globals, globals));
  return done
         && PyDict_SetItemString(PyImport_GetModuleDict(), what.name.c_str(),
                                 module)
              == 0;
}

/// @returns `module` under its own name and those of its `__all__` in
///          `package`; false with an exception set
bool publish(PyObject* package, const extension& what, PyObject* module) {
  auto names = attribute(module, "__all__");
  auto iterator
    = object_ref::steal(names ? PyObject_GetIter(names.get()) : nullptr);
  if (!iterator
      || PyObject_SetAttrString(package, what.name.c_str(), module) != 0)
    return false;
  while (auto name = object_ref::steal(PyIter_Next(iterator.get()))) {
    auto object = object_ref::steal(PyObject_GetAttr(module, name.get()));
    if (!object || PyObject_SetAttr(package, name.get(), object.get()) != 0)
      return false;
  }
  return !PyErr_Occurred();
}

template <class Function>
expected<void> add_functions(attach_scope& py, PyObject* module,
                             const std::vector<Function>& functions) {
  for (const auto& each : functions) {
    auto function = make_function(py, each);
    if (!function)
      return unexpected{std::move(function).error()};
    if (PyModule_AddObjectRef(module, each.name.c_str(), function->get()) != 0)
      return unexpected{fetch_error(py)};
  }
  return {};
}

expected<void> add_extension(attach_scope& py, PyObject* package,
                             const extension& what, PyObject* loader) {
  embedded_module source{"pyactor." + what.name,
                         "<pyactor>/" + what.name + ".py", what.text, false};
  auto module = make_module(source, loader);
  if (!module)
    return unexpected{fetch_error(py)};
  if (auto added = add_functions(py, module.get(), what.functions); !added)
    return added;
  if (auto added = add_functions(py, module.get(), what.any_thread_functions);
      !added)
    return added;
  if (!run_module(module.get(), source)
      || !publish(package, what, module.get()))
    return unexpected{fetch_error(py)};
  return {};
}

error start_failure(const std::string& package, error what) {
  what.message = "package " + package + ": " + to_string(what);
  what.code = errc::start_failed;
  return what;
}

expected<void> install(attach_scope& py, host* outside,
                       const interpreter_limits& limits) {
  auto module = object_ref::steal(PyImport_ImportModule("_pyactor"));
  auto* holder = PyInterpreterState_GetDict(PyInterpreterState_Get());
  if (!module || !holder)
    return unexpected{start_failure("pyactor", fetch_error(py))};
  auto& state = state_of(module.get());
  state.outside = outside;
  state.limits = limits;
  const embedded_module source{"pyactor", "<pyactor>/__init__.py", package_text,
                               true};
  auto package = make_module(source, module.get());
  if (!package || !run_module(package.get(), source))
    return unexpected{start_failure("pyactor", fetch_error(py))};
  state.actor_class = PyObject_GetAttrString(package.get(), "Actor");
  if (!state.actor_class
      || PyDict_SetItemString(holder, module_state::key, module.get()) != 0)
    return unexpected{start_failure("pyactor", fetch_error(py))};
  if (!outside)
    return {};
  for (const auto& each : outside->extensions())
    if (auto added = add_extension(py, package.get(), each, module.get());
        !added)
      return unexpected{start_failure("pyactor." + each.name, added.error())};
  return {};
}

} // namespace

expected<void> install_package(attach_scope& py) {
  if (current_module_state())
    return {};
  auto& owner = py.owner();
  return install(py, owner.internals().outside, owner.limits());
}

} // namespace pyactor::capi
