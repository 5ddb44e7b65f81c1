#include <Python.h>

#include <pyactor/libpyactor/capi/module/actor_ref_type.hpp>

#include <pyactor/libpyactor/capi/actor_module.hpp>
#include <pyactor/libpyactor/capi/error_scope.hpp>
#include <pyactor/libpyactor/capi/module/message_arguments.hpp>

#include <memory>
#include <string>
#include <utility>

namespace pyactor::capi {

namespace {

struct actor_ref_object {
  PyObject_HEAD actor_ref_ptr who;
};

const actor_ref& referred(PyObject* self) {
  return *reinterpret_cast<actor_ref_object*>(self)->who;
}

void dealloc(PyObject* self) {
  auto* type = Py_TYPE(self);
  {
    // What goes with the reference may run Python code.
    error_scope keep;
    std::destroy_at(&reinterpret_cast<actor_ref_object*>(self)->who);
  }
  type->tp_free(self);
  Py_DECREF(type);
}

bool is_actor_ref(PyObject* object) noexcept {
  // The type is another object in each interpreter, the function is not, and
  // nothing can derive from the type.
  return Py_TYPE(object)->tp_dealloc == dealloc;
}

PyObject* repr(PyObject* self) {
  return guarded([&] {
    auto text = "<ActorRef " + referred(self).describe() + ">";
    return PyUnicode_DecodeUTF8(
      text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  });
}

Py_hash_t hash(PyObject* self) {
  auto result = static_cast<Py_hash_t>(referred(self).id());
  return result == -1 ? -2 : result;
}

PyObject* compare(PyObject* x, PyObject* y, int operation) {
  if (!is_actor_ref(x) || !is_actor_ref(y)
      || (operation != Py_EQ && operation != Py_NE))
    Py_RETURN_NOTIMPLEMENTED;
  auto same = referred(x).id() == referred(y).id();
  return PyBool_FromLong(same == (operation == Py_EQ));
}

PyObject* get_id(PyObject* self, void*) {
  return PyLong_FromUnsignedLongLong(referred(self).id());
}

PyObject* get_alive(PyObject* self, void*) {
  return PyBool_FromLong(referred(self).alive());
}

PyObject* send_to_actor(PyObject* self, PyTypeObject* type,
                        PyObject* const* items, size_t count, PyObject* names) {
  return guarded([&]() -> PyObject* {
    if (count == 0) {
      PyErr_SetString(PyExc_TypeError, "send needs the name of a method");
      return nullptr;
    }
    auto& state = *static_cast<module_state*>(PyType_GetModuleState(type));
    return send_message(state, referred(self),
                        {items, static_cast<Py_ssize_t>(count), names});
  });
}

constexpr char type_doc[]
  = "A reference to an actor; plain data that messages may carry.\n\n"
    "References from `spawn` keep the actor alive, those from `self()` do "
    "not.\nEqual references mean the same actor. Works on every thread.";

constexpr char send_doc[]
  = "send($self, method, /, *args, **kwargs)\n--\n\n"
    "Sends a call of `method`, without waiting for its outcome; see "
    "`pyactor.send`.";

PyMethodDef methods[] = {
  {"send",
   reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(send_to_actor)),
   METH_METHOD | METH_FASTCALL | METH_KEYWORDS, send_doc},
  {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
  {"id", get_id, nullptr, "A number that no other actor of this process has.",
   nullptr},
  {"alive", get_alive, nullptr,
   "Whether the actor lives; it may have ended by the time this is read.",
   nullptr},
  {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot type_slots[] = {
  {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
  {Py_tp_repr, reinterpret_cast<void*>(repr)},
  {Py_tp_hash, reinterpret_cast<void*>(hash)},
  {Py_tp_richcompare, reinterpret_cast<void*>(compare)},
  {Py_tp_methods, methods},
  {Py_tp_getset, properties},
  {Py_tp_doc, const_cast<char*>(type_doc)},
  {0, nullptr},
};

PyType_Spec spec = {
  "pyactor.ActorRef",
  sizeof(actor_ref_object),
  0,
  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION
    | Py_TPFLAGS_IMMUTABLETYPE,
  type_slots,
};

} // namespace

PyTypeObject* make_actor_ref_type(PyObject* module) {
  return reinterpret_cast<PyTypeObject*>(
    PyType_FromModuleAndSpec(module, &spec, nullptr));
}

PyObject* make_actor_ref(const module_state& state, actor_ref_ptr who) {
  auto* type = state.actor_ref_type;
  auto* self = type->tp_alloc(type, 0);
  if (!self)
    return nullptr;
  std::construct_at(&reinterpret_cast<actor_ref_object*>(self)->who,
                    std::move(who));
  return self;
}

PyObject* wrap_actor(attach_scope&, actor_ref_ptr who) {
  auto* state = current_module_state();
  if (!state || !who) {
    PyErr_SetString(PyExc_RuntimeError,
                    state ? "a value holds no actor"
                          : "package pyactor is not installed here");
    return nullptr;
  }
  return make_actor_ref(*state, std::move(who));
}

actor_ref_ptr unwrap_actor(PyObject* object) {
  if (!object || !is_actor_ref(object))
    return nullptr;
  return reinterpret_cast<actor_ref_object*>(object)->who;
}

} // namespace pyactor::capi
