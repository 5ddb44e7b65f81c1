#include <Python.h>

#include <pyactor/libpyactor/capi/class_lookup.hpp>

#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/capi/milliseconds.hpp>
#include <pyactor/libpyactor/capi/module/module_state.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/environment.hpp>

#include <string_view>
#include <utility>

namespace pyactor::capi {

namespace {

/// @returns what goes on after "no module named ..."
std::string search_path_hint() {
  std::string result;
  // Held, because the text of a folder may be Python code.
  auto path = object_ref::borrow(PySys_GetObject("path"));
  auto is_list = path && PyList_Check(path.get());
  for (Py_ssize_t i = 0; is_list && i < PyList_Size(path.get()); ++i) {
    auto folder = object_ref::borrow(PyList_GetItem(path.get(), i));
    result += (i == 0 ? "" : ", ") + str_of(folder.get());
  }
  PyErr_Clear();
  return "; add the folder that holds it to the module search paths (sys.path "
         "is: "
         + result + ")";
}

expected<object_ref> find_in_module(attach_scope& py, environment& env,
                                    const std::string& target) {
  auto colon = target.find(':');
  if (colon == target.npos || colon == 0 || colon + 1 == target.size())
    return fail(errc::invalid_argument,
                "'" + target + "' does not name a class: write 'module:Class'");
  auto module = target.substr(0, colon);
  if (module == "__main__")
    return env.lookup(py, std::string_view{target}.substr(colon + 1));
  auto found = env.lookup(py, target);
  if (found || found.error().code != errc::not_found)
    return found;
  auto name = make_text(module);
  auto loaded
    = object_ref::steal(name ? PyImport_GetModule(name.get()) : nullptr);
  PyErr_Clear();
  if (!loaded)
    found.error().message += search_path_hint();
  return found;
}

expected<object_ref> find(attach_scope& py, environment& env,
                          const actor_class& what) {
  if (!what.text)
    return find_in_module(py, env, what.name);
  if (auto done = env.exec(py, source{*what.text, what.file}); !done)
    return unexpected{std::move(done).error()};
  return env.lookup(py, what.name);
}

/// Checks `keep_alive_on`, so that a wrong one is named before it matters.
expected<void> check_keep_alive_on(attach_scope& py, PyObject* type) {
  auto listed = attribute(type, "keep_alive_on");
  if (!listed)
    return unexpected{fetch_error(py)};
  auto is_valid = PyTuple_Check(listed.get());
  for (Py_ssize_t i = 0; is_valid && i < PyTuple_GET_SIZE(listed.get()); ++i)
    is_valid = PyExceptionClass_Check(PyTuple_GET_ITEM(listed.get(), i));
  if (is_valid)
    return {};
  return fail(errc::invalid_argument,
              type_name(reinterpret_cast<PyTypeObject*>(type))
                + ".keep_alive_on must be a tuple of exception types, for "
                  "example (ValueError,)");
}

expected<void> check_class(attach_scope& py, const std::string& name,
                           PyObject* found) {
  auto* state = current_module_state();
  if (!state)
    return fail(errc::start_failed,
                "package pyactor is not installed in this interpreter");
  if (!PyType_Check(found))
    return fail(
      errc::invalid_argument,
      "'" + name + "' is a " + type_name(Py_TYPE(found))
        + ", not a class; an actor is written as a class that derives "
          "from pyactor.Actor");
  auto* base = reinterpret_cast<PyTypeObject*>(state->actor_class);
  if (!PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(found), base))
    return fail(errc::invalid_argument,
                "class '" + name
                  + "' is not an actor: derive it from pyactor.Actor");
  return check_keep_alive_on(py, found);
}

} // namespace

expected<std::optional<std::chrono::nanoseconds>>
max_handler_time(attach_scope& py, const object_ref& type) {
  auto given = attribute(type.get(), "max_handler_time");
  if (!given)
    return unexpected{fetch_error(py)};
  if (Py_IsNone(given.get()))
    return std::nullopt;
  auto path = type_name(reinterpret_cast<PyTypeObject*>(type.get()))
              + ".max_handler_time";
  auto result = read_milliseconds(given.get(), path.c_str());
  if (result)
    return result;
  return fail(errc::invalid_argument, fetch_error(py).message);
}

expected<object_ref> find_actor_class(attach_scope& py, environment& env,
                                      const actor_class& what) {
  if (env.released())
    return fail(errc::environment_lost,
                "the actor's environment was released already");
  auto found = find(py, env, what);
  if (!found)
    return found;
  if (auto checked = check_class(py, what.name, found->get()); !checked)
    return unexpected{std::move(checked).error()};
  return found;
}

} // namespace pyactor::capi
