#include <Python.h>

#include <pyactor/libpyactor/object_ref.hpp>

#include <cassert>

namespace pyactor {

namespace {

[[maybe_unused]] bool attached() noexcept {
#if PY_VERSION_HEX >= 0x030d0000
  return PyThreadState_GetUnchecked() != nullptr;
#else
  return _PyThreadState_UncheckedGet() != nullptr;
#endif
}

} // namespace

object_ref::object_ref(const object_ref& other) noexcept : ptr_(other.ptr_) {
  assert(!ptr_ || attached());
  Py_XINCREF(ptr_);
}

object_ref object_ref::borrow(_object* ptr) noexcept {
  assert(!ptr || attached());
  Py_XINCREF(ptr);
  return steal(ptr);
}

void object_ref::drop(_object* ptr) noexcept {
  assert(attached());
  Py_DECREF(ptr);
}

} // namespace pyactor
