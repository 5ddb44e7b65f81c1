#pragma once

#include <Python.h>

#include <pyactor/libpyactor/object_ref.hpp>

// Attributes by interned names. CPython's cache of what types have knows a name
// by its object, and keeps that: a new object for each look-up would never be
// found there, and push out others.

namespace pyactor::capi {

/// @returns the attribute, or null with an exception set
/// @pre attached
[[nodiscard]] inline object_ref attribute(PyObject* of, const char* name) {
  auto key = object_ref::steal(PyUnicode_InternFromString(name));
  return object_ref::steal(key ? PyObject_GetAttr(of, key.get()) : nullptr);
}

/// @returns whether it was set; else an exception is
/// @pre attached
inline bool set_attribute(PyObject* of, const char* name, PyObject* to) {
  auto key = object_ref::steal(PyUnicode_InternFromString(name));
  return key && PyObject_SetAttr(of, key.get(), to) == 0;
}

/// Calls a method with one argument, or with none where that is null.
/// @returns its result, or null with an exception set
/// @pre attached
[[nodiscard]] inline object_ref call_method(PyObject* of, const char* name,
                                            PyObject* argument = nullptr) {
  auto key = object_ref::steal(PyUnicode_InternFromString(name));
  if (!key)
    return {};
  return object_ref::steal(
    argument ? PyObject_CallMethodOneArg(of, key.get(), argument)
             : PyObject_CallMethodNoArgs(of, key.get()));
}

/// As above, with two arguments.
[[nodiscard]] inline object_ref call_method(PyObject* of, const char* name,
                                            PyObject* first, PyObject* second) {
  auto key = object_ref::steal(PyUnicode_InternFromString(name));
  return object_ref::steal(
    key ? PyObject_CallMethodObjArgs(of, key.get(), first, second, nullptr)
        : nullptr);
}

} // namespace pyactor::capi
