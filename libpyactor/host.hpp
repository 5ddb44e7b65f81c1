#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace PYACTOR_EXPORT pyactor {

/// An actor as Python code and values hold it.
/// @thread any
class actor_ref {
public:
  virtual ~actor_ref();

  /// @returns what is unique in the process, for equality and hashing
  [[nodiscard]] virtual uint64_t id() const noexcept = 0;

  /// @returns a text for a person, for example `predictor#12`
  [[nodiscard]] virtual std::string describe() const = 0;

  /// @returns false once the actor is known to have ended
  [[nodiscard]] virtual bool alive() const noexcept = 0;

  /// Sends a call of `method`, without waiting for its outcome.
  /// @param method the name of a method of the receiver
  /// @param args what it is called with
  /// @returns `actor_dead` where the receiver is known to be dead
  virtual expected<void> send(std::string_view method, arguments args) const
    = 0;
};

/// Shared, because values that hold an actor are copied.
using actor_ref_ptr = std::shared_ptr<const actor_ref>;

/// What Python code may ask of its surroundings: the seam between libpyactor
/// and the layer above.
/// @thread any; `self`, `spawn`, `extend` and `poison` answer for the actor
///         that the calling thread runs
class host {
public:
  virtual ~host();

  /// @returns a weak reference to the running actor, or `not_found`
  [[nodiscard]] virtual expected<actor_ref_ptr> self() = 0;

  /// Starts an actor written in Python.
  /// @param target `module:Class`
  /// @param args for its `__init__`
  /// @returns a strong reference, `invalid_argument` where there is no place
  ///          for it, or `interpreter_lost` where there is none any more. A
  ///          class that cannot be found, or whose `__init__` raises, ends the
  ///          actor
  [[nodiscard]] virtual expected<actor_ref_ptr> spawn(std::string_view target,
                                                      arguments args)
    = 0;

  /// @param name in the process; not empty
  /// @param who the actor, which the name does not keep alive
  /// @returns `already_exists` where another live actor has the name,
  ///          `actor_dead` where `who` is dead, `invalid_argument` where the
  ///          name is empty, or `who` cannot have one
  [[nodiscard]] virtual expected<void> register_name(std::string name,
                                                     actor_ref_ptr who)
    = 0;

  /// @param name as it was registered
  /// @returns the live actor of that name, or null
  [[nodiscard]] virtual actor_ref_ptr whereis(std::string_view name) = 0;

  /// Gives the running call of an actor more time before it counts as hung; it
  /// never gets less than it had.
  /// @param time from now on
  /// @returns `not_found` where the calling thread runs no actor
  virtual expected<void> extend(std::chrono::nanoseconds time) = 0;

  /// Has another interpreter take the place of the calling one, which is not to
  /// be trusted any more: no new actor comes here, and it ends with the last of
  /// those that live here. Waits until the other one runs; the caller is
  /// detached from its interpreter meanwhile.
  /// @param reason for the log
  /// @returns `not_found` where the calling thread runs no actor, `unsupported`
  ///          where nothing can replace the interpreter, or what kept the other
  ///          one from starting
  virtual expected<void> poison(std::string reason) = 0;

  /// @returns what the package `pyactor` has beside its own; the same at all
  ///          times. None by default
  [[nodiscard]] virtual std::span<const extension> extensions() const noexcept;
};

} // namespace pyactor
