#pragma once

#include <Python.h>

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <array>
#include <memory>

namespace pyactor::capi {

/// The arguments of one call as vectorcall wants them; few ones need no memory.
/// @thread attached, lives on the stack
class argument_stack {
public:
  argument_stack() = default;

  argument_stack(const argument_stack&) = delete;
  argument_stack& operator=(const argument_stack&) = delete;

  ~argument_stack();

  /// Converts `args`; called once.
  /// @param self borrowed, becomes the first argument; null for none
  /// @returns `not_convertible`, or `invalid_argument` for a name that is not
  ///          UTF-8 or comes twice
  expected<void> fill(attach_scope& py, PyObject* self, const arguments& args);

  /// The slot before the first argument is the callee's to use.
  [[nodiscard]] PyObject* const* items() const noexcept {
    return slots_ + 1;
  }

  [[nodiscard]] size_t positional() const noexcept {
    return positional_ | PY_VECTORCALL_ARGUMENTS_OFFSET;
  }

  /// Borrowed; null for none.
  [[nodiscard]] PyObject* names() const noexcept {
    return names_.get();
  }

private:
  expected<void> push(attach_scope& py, const value& x);
  expected<void> fill_names(const arguments& args);

  static constexpr size_t small_size = 8;

  std::array<PyObject*, small_size> small_{};
  std::unique_ptr<PyObject*[]> large_;
  PyObject** slots_ = small_.data();
  size_t positional_ = 0;
  /// Slots that hold a reference, from `first_owned_` on.
  size_t first_owned_ = 1;
  size_t end_ = 1;
  object_ref names_;
};

} // namespace pyactor::capi
