#include <Python.h>

#include <pyactor/libpyactor/capi/actor_module.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/milliseconds.hpp>
#include <pyactor/libpyactor/capi/module/actor_ref_type.hpp>
#include <pyactor/libpyactor/capi/module/message_arguments.hpp>
#include <pyactor/libpyactor/capi/module/module_state.hpp>
#include <pyactor/libpyactor/capi/module/package_text.hpp>
#include <pyactor/libpyactor/capi/module/spawn_target.hpp>
#include <pyactor/libpyactor/extension.hpp>

#include <string>
#include <utility>

namespace pyactor::capi {

namespace {

/// @returns the module's state, or null with an exception set where there is no
///          runtime to ask
module_state* state_with_host(PyObject* module) {
  auto& state = state_of(module);
  if (state.outside)
    return &state;
  PyErr_SetString(PyExc_RuntimeError,
                  "no actor runtime here: this interpreter is embedded without "
                  "actors, so that there is nothing to send to");
  return nullptr;
}

PyObject* refuse_thread(const char* function) {
  return PyErr_Format(PyExc_RuntimeError,
                      "pyactor.%s: no actor runs on this thread; call it from "
                      "the actor's own code, not from a thread that it started",
                      function);
}

/// @returns whether an actor may run here; a thread that Python code started is
///          attached by none of our scopes
bool may_run_actor(const char* function) {
  return attached_interpreter() || refuse_thread(function);
}

/// @returns the actor that runs on this thread, or null with an exception set
actor_ref_ptr running_actor(const module_state& state, const char* function) {
  if (!may_run_actor(function))
    return nullptr;
  auto self = state.outside->self();
  if (self)
    return std::move(*self);
  if (self.error().code == errc::not_found)
    refuse_thread(function);
  else
    raise_error(state, self.error());
  return nullptr;
}

bool has_argument(size_t count, const char* what) {
  if (count > 0)
    return true;
  PyErr_Format(PyExc_TypeError, "missing argument: %s", what);
  return false;
}

PyObject* self(PyObject* module, PyObject*) {
  return guarded([&]() -> PyObject* {
    auto* state = state_with_host(module);
    auto who = state ? running_actor(*state, "self") : nullptr;
    return who ? make_actor_ref(*state, std::move(who)) : nullptr;
  });
}

/// @returns the actor that `receiver`, a reference or a name, means, or null
///          with an exception set
actor_ref_ptr find_receiver(const module_state& state, PyObject* receiver) {
  if (auto known = unwrap_actor(receiver))
    return known;
  if (!PyUnicode_Check(receiver)) {
    PyErr_Format(PyExc_TypeError,
                 "a receiver must be an ActorRef or a registered name, not "
                 "%.200s",
                 Py_TYPE(receiver)->tp_name);
    return nullptr;
  }
  auto name = read_str(receiver, "a name");
  if (!name.data())
    return nullptr;
  auto found = state.outside->whereis(name);
  if (!found)
    PyErr_Format(PyExc_LookupError, "no live actor is registered as %R",
                 receiver);
  return found;
}

PyObject* send(PyObject* module, PyObject* const* items, Py_ssize_t count,
               PyObject* names) {
  return guarded([&]() -> PyObject* {
    auto* state = state_with_host(module);
    if (!state)
      return nullptr;
    if (count < 2) {
      PyErr_SetString(PyExc_TypeError,
                      "send needs a receiver and the name of a method");
      return nullptr;
    }
    auto receiver = find_receiver(*state, items[0]);
    if (!receiver)
      return nullptr;
    return send_message(*state, *receiver,
                        vectorcall{items, count, names}.skip(1));
  });
}

PyObject* spawn(PyObject* module, PyObject* const* items, Py_ssize_t count,
                PyObject* names) {
  return guarded([&]() -> PyObject* {
    auto* state = state_with_host(module);
    if (!state || !has_argument(static_cast<size_t>(count), "target")
        || !may_run_actor("spawn"))
      return nullptr;
    auto target = read_spawn_target(*state, items[0]);
    arguments args;
    if (target.empty()
        || !read_arguments(*state, vectorcall{items, count, names}.skip(1),
                           args))
      return nullptr;
    auto started = state->outside->spawn(target, std::move(args));
    if (!started)
      return raise_error(*state, started.error());
    return make_actor_ref(*state, std::move(*started));
  });
}

PyObject* register_name(PyObject* module, PyObject* const* items,
                        Py_ssize_t count) {
  return guarded([&]() -> PyObject* {
    auto* state = state_with_host(module);
    if (!state || !has_argument(static_cast<size_t>(count), "name"))
      return nullptr;
    auto name = read_str(items[0], "a name");
    if (!name.data())
      return nullptr;
    if (name.empty()) {
      PyErr_SetString(PyExc_ValueError, "the name of an actor is empty");
      return nullptr;
    }
    actor_ref_ptr who;
    if (count < 2 || Py_IsNone(items[1])) {
      who = running_actor(*state, "register");
    } else if (who = unwrap_actor(items[1]); !who) {
      PyErr_Format(PyExc_TypeError, "ref must be an ActorRef, not %.200s",
                   Py_TYPE(items[1])->tp_name);
    }
    if (!who)
      return nullptr;
    auto done
      = state->outside->register_name(std::string{name}, std::move(who));
    if (!done)
      return raise_error(*state, done.error());
    Py_RETURN_NONE;
  });
}

PyObject* whereis(PyObject* module, PyObject* name) {
  return guarded([&]() -> PyObject* {
    auto* state = state_with_host(module);
    if (!state)
      return nullptr;
    auto text = read_str(name, "a name");
    if (!text.data())
      return nullptr;
    auto found = state->outside->whereis(text);
    if (!found)
      Py_RETURN_NONE;
    return make_actor_ref(*state, std::move(found));
  });
}

PyObject* extend(PyObject* module, PyObject* by) {
  return guarded([&]() -> PyObject* {
    auto* state = state_with_host(module);
    if (!state || !may_run_actor("extend"))
      return nullptr;
    auto time = read_milliseconds(by, "pyactor.extend");
    if (!time)
      return nullptr;
    if (state->outside->extend(*time))
      Py_RETURN_NONE;
    return refuse_thread("extend");
  });
}

PyObject* poison(PyObject* module, PyObject* reason) {
  return guarded([&]() -> PyObject* {
    auto* state = state_with_host(module);
    if (!state || !may_run_actor("poison"))
      return nullptr;
    auto text = read_str(reason, "a reason");
    if (!text.data())
      return nullptr;
    auto done = [&, why = std::string{text}] {
      attach_scope py{*attached_interpreter()->self};
      detach_scope waiting{py};
      return state->outside->poison(why);
    }();
    if (done)
      Py_RETURN_NONE;
    if (done.error().code == errc::not_found)
      return refuse_thread("poison");
    return raise_error(*state, done.error());
  });
}

/// @returns the text of the package, or of the extension of that name
std::string_view text_of(const module_state& state, std::string_view name) {
  if (state.outside)
    for (const auto& each : state.outside->extensions())
      if (name == "pyactor." + each.name)
        return each.text;
  return package_text;
}

/// Makes the module the loader of the package and of its extensions, as far as
/// `linecache` and `inspect` ask for one.
PyObject* get_source(PyObject* module, PyObject* name) {
  return guarded([&]() -> PyObject* {
    auto wanted = read_str(name, "the name of a module");
    if (!wanted.data())
      return nullptr;
    auto text = text_of(state_of(module), wanted);
    return PyUnicode_DecodeUTF8(text.data(),
                                static_cast<Py_ssize_t>(text.size()), nullptr);
  });
}

/// The check of `spawn`, for what is to be spawned later.
PyObject* spawn_target(PyObject* module, PyObject* target) {
  return guarded([&]() -> PyObject* {
    auto name = read_spawn_target(state_of(module), target);
    if (name.empty())
      return nullptr;
    return PyUnicode_DecodeUTF8(name.data(),
                                static_cast<Py_ssize_t>(name.size()), nullptr);
  });
}

template <class F>
PyCFunction as_method(F* function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

constexpr int fast = METH_FASTCALL;
constexpr int fast_named = METH_FASTCALL | METH_KEYWORDS;

PyMethodDef functions[] = {
  {"self", self, METH_NOARGS, "See pyactor.self."},
  {"send", as_method(send), fast_named, "See pyactor.send."},
  {"spawn", as_method(spawn), fast_named, "See pyactor.spawn."},
  {"register", as_method(register_name), fast, "See pyactor.register."},
  {"whereis", whereis, METH_O, "See pyactor.whereis."},
  {"extend", extend, METH_O, "See pyactor.extend."},
  {"poison", poison, METH_O, "See pyactor.poison."},
  {"spawn_target", spawn_target, METH_O,
   "The text 'module:Class' for what pyactor.spawn takes."},
  {"get_source", get_source, METH_O, "The text of the package pyactor."},
  {nullptr, nullptr, 0, nullptr},
};

constexpr char reject_doc[]
  = "Raised by a method to answer its caller with an error and live on.";

constexpr char dead_actor_doc[] = "The receiver of a message is dead.";

constexpr char interrupted_doc[]
  = "Raised in a method that has run for too long, or that is in the way of "
    "its "
    "actor's end. Clean up and let it pass: who catches it ends all the same.";

int execute(PyObject* module) {
  auto& state = state_of(module);
  state.actor_ref_type = make_actor_ref_type(module);
  state.reject
    = PyErr_NewExceptionWithDoc("pyactor.Reject", reject_doc, nullptr, nullptr);
  state.dead_actor_error = PyErr_NewExceptionWithDoc(
    "pyactor.DeadActorError", dead_actor_doc, nullptr, nullptr);
  state.interrupted = PyErr_NewExceptionWithDoc(
    "pyactor.Interrupted", interrupted_doc, PyExc_BaseException, nullptr);
  state.cpp_exceptions = PyDict_New();
  if (!state.actor_ref_type || !state.reject || !state.dead_actor_error
      || !state.interrupted || !state.cpp_exceptions)
    return -1;
  if (PyModule_AddType(module, state.actor_ref_type) < 0
      || PyModule_AddObjectRef(module, "Reject", state.reject) < 0
      || PyModule_AddObjectRef(module, "Interrupted", state.interrupted) < 0)
    return -1;
  return PyModule_AddObjectRef(module, "DeadActorError",
                               state.dead_actor_error);
}

int traverse(PyObject* module, visitproc visit, void* arg) {
  auto& state = state_of(module);
  Py_VISIT(state.actor_ref_type);
  Py_VISIT(state.reject);
  Py_VISIT(state.dead_actor_error);
  Py_VISIT(state.interrupted);
  Py_VISIT(state.actor_class);
  Py_VISIT(state.cpp_exceptions);
  return 0;
}

int clear(PyObject* module) {
  auto& state = state_of(module);
  Py_CLEAR(state.actor_ref_type);
  Py_CLEAR(state.reject);
  Py_CLEAR(state.dead_actor_error);
  Py_CLEAR(state.interrupted);
  Py_CLEAR(state.actor_class);
  Py_CLEAR(state.cpp_exceptions);
  return 0;
}

void free_module(void* module) {
  clear(static_cast<PyObject*>(module));
}

PyModuleDef_Slot module_slots[] = {
  {Py_mod_exec, reinterpret_cast<void*>(execute)},
  {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#ifdef Py_mod_gil
  {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
  {0, nullptr},
};

PyModuleDef definition = {
  PyModuleDef_HEAD_INIT,
  "_pyactor",
  "What the package pyactor is built on; use that.",
  sizeof(module_state),
  functions,
  module_slots,
  traverse,
  clear,
  free_module,
};

} // namespace

} // namespace pyactor::capi

// No PyMODINIT_FUNC: a shared library would show it, and nobody looks for it.
extern "C" PyObject* PyInit__pyactor() {
  return PyModuleDef_Init(&pyactor::capi::definition);
}
