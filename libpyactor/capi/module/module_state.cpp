#include <Python.h>

#include <pyactor/libpyactor/capi/module/module_state.hpp>

#include <pyactor/libpyactor/object_ref.hpp>

namespace pyactor::capi {

namespace {

PyObject* exception_for(const module_state& state, errc code) {
  switch (code) {
    case errc::not_convertible:
      return PyExc_TypeError;
    case errc::invalid_argument:
    case errc::already_exists:
      return PyExc_ValueError;
    case errc::not_found:
      return PyExc_LookupError;
    case errc::actor_dead:
      return state.dead_actor_error;
    default:
      return PyExc_RuntimeError;
  }
}

} // namespace

module_state& state_of(PyObject* module) noexcept {
  return *static_cast<module_state*>(PyModule_GetState(module));
}

module_state* current_module_state() noexcept {
  auto* holder = PyInterpreterState_GetDict(PyInterpreterState_Get());
  auto* module
    = holder ? PyDict_GetItemString(holder, module_state::key) : nullptr;
  return module ? &state_of(module) : nullptr;
}

PyObject* raise_error(const module_state& state, const error& what) {
  auto text = object_ref::steal(PyUnicode_DecodeUTF8(
    what.message.data(), static_cast<Py_ssize_t>(what.message.size()),
    "replace"));
  if (text)
    PyErr_SetObject(exception_for(state, what.code), text.get());
  return nullptr;
}

} // namespace pyactor::capi
