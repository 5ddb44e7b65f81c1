#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>

namespace PYACTOR_EXPORT pyactor {

/// Proof that the calling thread is attached to an interpreter; attaches on
/// construction, detaches on destruction. A scope inside another one of the
/// same interpreter is free; inside one of another interpreter it detaches from
/// that one for its lifetime.
/// @thread the interpreter's; not movable, lives on the stack or in the thread
class attach_scope {
public:
  /// Attaches the calling thread.
  /// @param owner what to attach to; must outlive this scope
  /// @pre this is the thread that opened `owner`
  explicit attach_scope(interpreter& owner) noexcept;

  attach_scope(const attach_scope&) = delete;
  attach_scope& operator=(const attach_scope&) = delete;

  ~attach_scope();

  /// @returns the interpreter that the thread is attached to
  [[nodiscard]] interpreter& owner() const noexcept {
    return owner_;
  }

private:
  interpreter& owner_;
  /// An `interpreter::state`: what the thread was attached to before, or null.
  void* before_;
};

/// Detaches for its lifetime, so that other threads may run Python: around
/// whatever waits.
/// @thread as its `attach_scope`
class detach_scope {
public:
  /// Detaches the calling thread.
  /// @param py the scope that has attached it; must not be used before this one
  ///           ends
  explicit detach_scope(attach_scope& py) noexcept;

  detach_scope(const detach_scope&) = delete;
  detach_scope& operator=(const detach_scope&) = delete;

  ~detach_scope();

private:
  /// An `interpreter::state`: what the thread was attached to.
  void* before_;
};

} // namespace pyactor
