#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>

namespace PYACTOR_EXPORT pyactor {

/// Runs Python code on behalf of one actor: starts with no handled exception
/// and a fresh contextvars context, and restores both afterwards, so that one
/// actor never sees another one's `sys.exception()` or context variables.
/// @thread attached; lives on the stack or in the thread, scopes nest
class entry_scope {
public:
  /// Begins the stretch of code.
  /// @param py proves that the thread is attached
  explicit entry_scope(attach_scope& py) noexcept;

  entry_scope(const entry_scope&) = delete;
  entry_scope& operator=(const entry_scope&) = delete;

  ~entry_scope();

  /// Begins anew for somebody else. Costs next to nothing where no code has set
  /// a context variable since this scope began.
  /// @param py proves that the thread is attached
  void renew(attach_scope& py) noexcept;

private:
  void enter() noexcept;
  void leave() noexcept;

  _object* handled_;
  _object* variables_;
};

} // namespace pyactor
