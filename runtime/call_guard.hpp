#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/messages.hpp>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Decides which calls an actor written in Python handles, and learns of those
/// that it has survived.
/// @thread the context's of that actor
class call_guard {
public:
  virtual ~call_guard() = default;

  /// A call is about to be handled.
  /// @param what the call
  /// @param sender of the call; null if nobody
  /// @returns an error where it is not to be handled: the answer to it
  [[nodiscard]] virtual caf::error admit(const call& what,
                                         const caf::strong_actor_ptr& sender)
    = 0;

  /// The call that was admitted last has come back, and the actor goes on.
  virtual void survived() noexcept = 0;
};

} // namespace runtime
} // namespace pyactor
