#include <Python.h>

#include <pyactor/libpyactor/object_ref.hpp>

#include <pyactor/libpyactor/capi/compat.hpp>

#include <cassert>

namespace pyactor {

namespace {

[[maybe_unused]] bool is_attached() noexcept {
  return capi::attached_thread_state() != nullptr;
}

} // namespace

object_ref::object_ref(const object_ref& other) noexcept : ptr_(other.ptr_) {
  assert(!ptr_ || is_attached());
  Py_XINCREF(ptr_);
}

object_ref object_ref::borrow(_object* ptr) noexcept {
  assert(!ptr || is_attached());
  Py_XINCREF(ptr);
  return steal(ptr);
}

void object_ref::drop(_object* ptr) noexcept {
  assert(is_attached());
  Py_DECREF(ptr);
}

} // namespace pyactor
