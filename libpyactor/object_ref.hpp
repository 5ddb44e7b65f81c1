#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>

#include <utility>

namespace PYACTOR_EXPORT pyactor {

/// An owning reference to a Python object, opaque to code without <Python.h>.
///
/// The only ways in are `steal` (takes over the caller's reference) and
/// `borrow` (adds one). `capi/python.hpp` is for code that uses <Python.h>.
/// @thread attached to the object's interpreter, destructor included; debug
///         builds assert it. For a reference that may die elsewhere, use
///         `remote_ref`.
class object_ref {
public:
  object_ref() noexcept = default;

  /// Takes over the reference.
  /// @param other refers to nothing afterwards
  object_ref(object_ref&& other) noexcept
    : ptr_(std::exchange(other.ptr_, nullptr)) {
  }

  /// Adds a reference.
  /// @param other may refer to nothing
  object_ref(const object_ref& other) noexcept;

  /// Drops the reference that it had.
  /// @param other may refer to nothing
  /// @returns this reference
  object_ref& operator=(object_ref other) noexcept {
    std::swap(ptr_, other.ptr_);
    return *this;
  }

  ~object_ref() {
    if (ptr_)
      drop(ptr_);
  }

  /// @param ptr a reference of the caller's, which is taken over; null for none
  /// @returns what refers to that
  [[nodiscard]] static object_ref steal(_object* ptr) noexcept {
    object_ref result;
    result.ptr_ = ptr;
    return result;
  }

  /// @param ptr an object, which gets one reference more; null for none
  /// @returns what refers to that
  [[nodiscard]] static object_ref borrow(_object* ptr) noexcept;

  /// @returns the object, borrowed; null where there is none
  [[nodiscard]] _object* get() const noexcept {
    return ptr_;
  }

  /// Gives the reference up.
  /// @returns the object, whose reference is the caller's now; null where there
  ///          is none
  [[nodiscard]] _object* release() noexcept {
    return std::exchange(ptr_, nullptr);
  }

  /// @returns whether it refers to an object
  explicit operator bool() const noexcept {
    return ptr_ != nullptr;
  }

private:
  static void drop(_object* ptr) noexcept;

  _object* ptr_ = nullptr;
};

} // namespace pyactor
