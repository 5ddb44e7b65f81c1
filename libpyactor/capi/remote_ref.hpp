#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <memory>

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// An owning reference to a Python object that may die on any thread: it then
/// queues the release to the object's interpreter. Where that has ended, the
/// reference leaks.
/// @thread moves and dies on any; `get` and making it on its interpreter's
class remote_ref {
public:
  remote_ref() noexcept;

  /// @param py its interpreter is the one that gets the object back
  /// @param object may be none
  /// @pre `object` is of the interpreter that `py` is attached to
  remote_ref(attach_scope& py, object_ref object);

  /// Leaves a reference to nothing behind.
  remote_ref(remote_ref&&) noexcept;
  /// Gives up what it referred to, as the destructor does.
  /// @returns this reference
  remote_ref& operator=(remote_ref&&) noexcept;

  ~remote_ref();

  /// @param py attached to any interpreter
  /// @returns the object, borrowed, or null where `py` is attached to another
  ///          interpreter, or there is none
  [[nodiscard]] _object* get(attach_scope& py) const noexcept;

  /// @returns whether it refers to an object; true also where that is out of
  ///          reach
  explicit operator bool() const noexcept {
    return static_cast<bool>(job_);
  }

private:
  class job;

  std::unique_ptr<job> job_;
};

} // namespace capi
} // namespace pyactor
