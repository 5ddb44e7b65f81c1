#pragma once

#include <Python.h>

#include <pyactor/libpyactor/object_ref.hpp>

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

// What differs between the versions of CPython, and is not asked anywhere else.

// Threads of one interpreter, which the GIL keeps apart, share what is ours.
#ifdef Py_GIL_DISABLED
#  error "pyactor needs a CPython with a GIL, and this is a free-threaded build"
#endif

namespace pyactor::capi {

/// Whether own-GIL interpreters can be had. On 3.13 `import numpy` in one
/// aborts the process; from 3.14 on it raises an `ImportError`.
[[nodiscard]] inline bool supports_own_gil() noexcept {
  return Py_Version >= 0x030E0000;
}

/// @returns the thread state that is attached, or null
[[nodiscard]] inline PyThreadState* attached_thread_state() noexcept {
#if PY_VERSION_HEX >= 0x030D0000
  return PyThreadState_GetUnchecked();
#else
  return _PyThreadState_UncheckedGet();
#endif
}

/// Makes the calling thread, to which the main interpreter belongs, the one
/// that `threading` takes for the main thread. From 3.13 on it knows that by
/// itself.
/// @returns false with an exception set
[[nodiscard]] inline bool claim_main_thread() noexcept {
#if PY_VERSION_HEX >= 0x030D0000
  return true;
#else
  return static_cast<bool>(
    object_ref::steal(PyImport_ImportModule("threading")));
#endif
}

/// @returns the object of that key, or null, with or without an exception set
[[nodiscard]] inline object_ref dict_item(PyObject* dict, PyObject* key) {
#if PY_VERSION_HEX >= 0x030D0000
  PyObject* found = nullptr;
  PyDict_GetItemRef(dict, key, &found);
  return object_ref::steal(found);
#else
  auto* found = PyDict_GetItemWithError(dict, key);
  return found ? object_ref::borrow(found) : object_ref{};
#endif
}

/// @returns the two's complement of an `int`, least significant byte first
[[nodiscard]] inline std::vector<std::byte> bytes_of_integer(PyObject* x) {
#if PY_VERSION_HEX >= 0x030D0000
  constexpr auto flags = Py_ASNATIVEBYTES_LITTLE_ENDIAN;
  auto size = PyLong_AsNativeBytes(x, nullptr, 0, flags);
  std::vector<std::byte> result(static_cast<size_t>(size));
  PyLong_AsNativeBytes(x, result.data(), size, flags);
#else
  std::vector<std::byte> result(_PyLong_NumBits(x) / 8 + 1);
  _PyLong_AsByteArray(reinterpret_cast<PyLongObject*>(x),
                      reinterpret_cast<unsigned char*>(result.data()),
                      result.size(), 1, 1);
#endif
  return result;
}

/// @param complement as `bytes_of_integer` returns it
/// @returns an `int`, or null with an exception set
[[nodiscard]] inline object_ref
integer_of_bytes(std::span<const std::byte> complement) {
#if PY_VERSION_HEX >= 0x030D0000
  return object_ref::steal(PyLong_FromNativeBytes(
    complement.data(), complement.size(), Py_ASNATIVEBYTES_LITTLE_ENDIAN));
#else
  return object_ref::steal(_PyLong_FromByteArray(
    reinterpret_cast<const unsigned char*>(complement.data()),
    complement.size(), 1, 1));
#endif
}

/// Whether the object stands for what `lazy import` will import at its first
/// use, which 3.15 has. Its type has no name in C.
[[nodiscard]] inline bool
is_lazy_import([[maybe_unused]] PyObject* x) noexcept {
#if PY_VERSION_HEX >= 0x030F0000
  auto* type = Py_TYPE(x);
  return !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)
         && std::strcmp(type->tp_name, "lazy_import") == 0;
#else
  return false;
#endif
}

} // namespace pyactor::capi
