#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/fwd.hpp>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Where a context's pinned actors are scheduled, whoever wakes them.
/// @thread any
class resident_unit final : public caf::execution_unit {
public:
  /// A context's unit for waking.
  /// @param system the context's
  /// @param owner the context; outlives this
  resident_unit(caf::actor_system& system, context& owner);

  /// Queues the job in the context; wakes it up where that is needed.
  /// @param job a pinned actor of the context, with one reference, which goes
  ///            with it
  void exec_later(caf::resumable* job) override;

private:
  context& owner_;
};

/// What a context's pinned actors run on. Other actors that they wake run on
/// the same thread, for one slice at a time: a wake-up through CAF's scheduler
/// would cost 32 us and more.
/// @thread any
class guest_unit final : public caf::execution_unit {
public:
  /// A context's unit for running.
  /// @param system the context's
  /// @param owner the context; outlives this
  guest_unit(caf::actor_system& system, context& owner);

  /// Queues the job as the context's guest, on its thread; gives it to CAF's
  /// scheduler elsewhere.
  /// @param job any actor, with one reference, which goes with it
  void exec_later(caf::resumable* job) override;

  /// @returns the context that it is of
  [[nodiscard]] context& owner() const noexcept {
    return owner_;
  }

private:
  context& owner_;
};

} // namespace runtime
} // namespace pyactor
