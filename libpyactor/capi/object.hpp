#pragma once

#include <Python.h>

#include <pyactor/libpyactor/object_ref.hpp>

#include <optional>
#include <string_view>
#include <utility>

// For code that includes <Python.h>: what `object_ref` holds, typed.

namespace pyactor::capi {

/// @returns the object as CPython's functions take it, borrowed
template <class T = PyObject>
[[nodiscard]] T* as(const object_ref& x) noexcept {
  return reinterpret_cast<T*>(x.get());
}

/// A strong reference for the length of a scope: `object_ref` for inner loops,
/// all inline.
/// @thread attached
class held_object {
public:
  /// @param owned taken over; may be null
  explicit held_object(PyObject* owned) noexcept : ptr_(owned) {
  }

  held_object(const held_object&) = delete;
  held_object& operator=(const held_object&) = delete;

  ~held_object() {
    Py_XDECREF(ptr_);
  }

  [[nodiscard]] PyObject* get() const noexcept {
    return ptr_;
  }

  /// Gives the reference up to the caller.
  [[nodiscard]] PyObject* release() noexcept {
    return std::exchange(ptr_, nullptr);
  }

private:
  PyObject* ptr_;
};

/// @returns the text that a `str` of ASCII holds already, else null data
[[nodiscard]] inline std::string_view ascii_view(PyObject* str) noexcept {
  if (!PyUnicode_IS_COMPACT_ASCII(str))
    return {};
  return {static_cast<const char*>(PyUnicode_DATA(str)),
          static_cast<size_t>(PyUnicode_GET_LENGTH(str))};
}

/// @returns the number that an exact `int` of one digit holds
[[nodiscard]] inline std::optional<Py_ssize_t>
compact_integer(PyObject* x) noexcept {
  auto* integer = reinterpret_cast<PyLongObject*>(x);
  if (!PyLong_CheckExact(x) || !PyUnstable_Long_IsCompact(integer))
    return std::nullopt;
  return PyUnstable_Long_CompactValue(integer);
}

/// Whether to convert the object runs no Python code, whatever is asked for.
[[nodiscard]] inline bool is_plain_scalar(PyObject* x) noexcept {
  return PyLong_CheckExact(x) || PyUnicode_CheckExact(x)
         || PyFloat_CheckExact(x) || x == Py_None || PyBool_Check(x)
         || PyBytes_CheckExact(x);
}

/// The item of a list or tuple.
/// @returns an owned reference, or null where there is no such item any more
[[nodiscard]] inline PyObject* own_item(PyObject* sequence,
                                        Py_ssize_t index) noexcept {
#ifdef Py_GIL_DISABLED
  if (PyList_CheckExact(sequence)) {
    auto* item = PyList_GetItemRef(sequence, index);
    if (!item)
      PyErr_Clear();
    return item;
  }
#endif
  if (index >= Py_SIZE(sequence))
    return nullptr;
  return Py_NewRef(PyList_CheckExact(sequence)
                     ? PyList_GET_ITEM(sequence, index)
                     : PyTuple_GET_ITEM(sequence, index));
}

} // namespace pyactor::capi
