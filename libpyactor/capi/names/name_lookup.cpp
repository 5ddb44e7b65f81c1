#include <Python.h>

#include <pyactor/libpyactor/capi/names/name_lookup.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/compat.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/text.hpp>

namespace pyactor::capi {

namespace {

unexpected not_found(std::string_view name, const std::string& why) {
  return fail(errc::not_found, "'" + std::string{name} + "': " + why);
}

/// @returns the object of that name, or null, with or without an exception set
object_ref find_global(PyObject* globals, PyObject* name) {
  auto found = dict_item(globals, name);
  if (!found || !is_lazy_import(found.get()))
    return found;
  // Python code that uses the name imports it, and binds the name anew.
  auto* text = PyUnicode_AsUTF8(name);
  return object_ref::steal(
    text ? PyRun_String(text, Py_eval_input, globals, globals) : nullptr);
}

/// @returns whether an import failed because `module`, or a package that it is
///          in, does not exist, rather than something that it imports itself
bool is_missing(PyObject* exception, PyObject* module) {
  if (!PyErr_GivenExceptionMatches(exception, PyExc_ModuleNotFoundError))
    return false;
  auto missing = attribute(exception, "name");
  PyErr_Clear();
  auto wanted = text_of(module) + ".";
  auto name = text_of(missing.get());
  return !name.empty() && wanted.starts_with(name + ".");
}

expected<object_ref> import_module(attach_scope& py, PyObject* module,
                                   std::string_view name) {
  auto result = object_ref::steal(PyImport_Import(module));
  if (result)
    return result;
  auto exception = object_ref::steal(PyErr_GetRaisedException());
  if (is_missing(exception.get(), module))
    return not_found(name, str_of(exception.get()));
  return unexpected{describe_exception(py, exception.get())};
}

/// Follows the parts of a path from `from` on.
expected<object_ref> follow(attach_scope& py, object_ref from,
                            const object_ref& parts, Py_ssize_t first,
                            std::string_view name) {
  auto end = PyTuple_GET_SIZE(parts.get());
  for (auto i = first; i < end; ++i) {
    auto next = object_ref::steal(
      PyObject_GetAttr(from.get(), PyTuple_GET_ITEM(parts.get(), i)));
    if (!next && PyErr_ExceptionMatches(PyExc_AttributeError)) {
      auto exception = object_ref::steal(PyErr_GetRaisedException());
      return not_found(name, str_of(exception.get()));
    }
    if (!next)
      return unexpected{fetch_error(py)};
    from = std::move(next);
  }
  return from;
}

expected<object_ref> find_in_module(attach_scope& py, const object_ref& parts,
                                    std::string_view name) {
  auto* module = PyTuple_GET_ITEM(parts.get(), 0);
  auto loaded = object_ref::steal(PyImport_GetModule(module));
  if (loaded) {
    // One that is being imported by another thread may lack the name as yet.
    auto found = follow(py, std::move(loaded), parts, 1, name);
    if (found || found.error().code != errc::not_found)
      return found;
  }
  PyErr_Clear();
  auto imported = import_module(py, module, name);
  if (!imported)
    return imported;
  return follow(py, *std::move(imported), parts, 1, name);
}

} // namespace

expected<object_ref> find_name(attach_scope& py, const object_ref& globals,
                               std::string_view name) {
  auto& owner = py.owner().internals();
  auto parts = owner.names.find(py, name);
  if (!parts)
    return parts;
  auto* module = PyTuple_GET_ITEM(parts->get(), 0);
  auto* first = PyTuple_GET_ITEM(parts->get(), 1);
  if (module != Py_None) {
    // `__main__` is the environment, then the module of that name.
    auto is_here = PyUnicode_Compare(module, owner.name_main.get()) == 0
                     ? PyDict_Contains(globals.get(), first)
                     : 0;
    if (is_here < 0)
      return unexpected{fetch_error(py)};
    if (!is_here)
      return find_in_module(py, *parts, name);
  }
  auto found = find_global(globals.get(), first);
  if (!found && !PyErr_Occurred())
    found = dict_item(owner.builtins.get(), first);
  if (!found && PyErr_Occurred())
    return unexpected{fetch_error(py)};
  if (!found)
    return not_found(name, "name '" + text_of(first)
                             + "' is not defined in this environment");
  if (PyTuple_GET_SIZE(parts->get()) == 2)
    return found;
  return follow(py, std::move(found), *parts, 2, name);
}

unexpected not_callable(std::string_view name, const object_ref& object) {
  return fail(errc::not_callable, "'" + std::string{name} + "' is of type "
                                    + qualified_type(object.get())
                                    + " and cannot be called");
}

} // namespace pyactor::capi
