#include <Python.h>

#include <pyactor/libpyactor/capi/module/spawn_target.hpp>

#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/module/message_arguments.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <algorithm>
#include <string_view>

namespace pyactor::capi {

namespace {

std::string refuse_environment_class(PyObject* target) {
  PyErr_Format(
    PyExc_ValueError,
    "cannot spawn %R: an actor's own source text defines it, and the "
    "new actor cannot see that; put the class in a module and pass "
    "'module:Class' or the imported class",
    target);
  return {};
}

std::string read_text(PyObject* target) {
  auto text = read_str(target, "target");
  if (!text.data())
    return {};
  auto colon = text.find(':');
  if (colon == 0 || colon >= text.size() - 1
      || text.find(':', colon + 1) != text.npos) {
    PyErr_Format(PyExc_ValueError,
                 "cannot spawn %R: it must have the form 'module:Class'",
                 target);
    return {};
  }
  if (text.substr(0, colon) == "__main__")
    return refuse_environment_class(target);
  return std::string{text};
}

/// @returns whether `module` holds `target` under the dotted name `path`;
///          leaves no exception set
bool holds(PyObject* module, std::string_view path, PyObject* target) {
  auto at = object_ref::steal(PyImport_GetModule(module));
  while (at && !path.empty()) {
    auto name = path.substr(0, path.find('.'));
    at = object_ref::steal(
      PyObject_GetAttrString(at.get(), std::string{name}.c_str()));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
  }
  PyErr_Clear();
  return at.get() == target;
}

std::string read_class(PyObject* target) {
  auto module = attribute(target, "__module__");
  auto name = attribute(target, "__qualname__");
  if (!module || !name)
    return {};
  auto module_text = read_str(module.get(), "__module__");
  auto name_text = read_str(name.get(), "__qualname__");
  if (!module_text.data() || !name_text.data())
    return {};
  if (module_text == "__main__")
    return refuse_environment_class(target);
  if (!holds(module.get(), name_text, target)) {
    PyErr_Format(PyExc_ValueError,
                 "cannot spawn %R: module %R has no such class at its top "
                 "level; define it there",
                 target, module.get());
    return {};
  }
  return std::string{module_text} + ":" + std::string{name_text};
}

} // namespace

std::string read_spawn_target(const module_state& state, PyObject* target) {
  if (PyUnicode_Check(target))
    return read_text(target);
  auto* base = reinterpret_cast<PyTypeObject*>(state.actor_class);
  if (PyType_Check(target)
      && PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(target), base))
    return read_class(target);
  PyErr_Format(PyExc_TypeError,
               "cannot spawn %R: it must be 'module:Class' or a subclass of "
               "pyactor.Actor",
               target);
  return {};
}

} // namespace pyactor::capi
