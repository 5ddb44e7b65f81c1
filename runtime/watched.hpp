#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/loop/activity.hpp>

#include <cstdint>
#include <string>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// A thread as the watchdog sees it: what it publishes of its calls, and what
/// can be done about one that does not return.
/// @thread any; nothing here waits
class watched {
public:
  /// @returns a name for people, for example `default/0`
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;

  /// @returns what runs now
  [[nodiscard]] virtual const loop::activity& running() const noexcept = 0;

  /// @returns whether it was given up: nobody looks after it any more
  [[nodiscard]] virtual bool is_given_up() const noexcept = 0;

  /// @returns whether others need the GIL that its Python code holds
  [[nodiscard]] virtual bool shares_gil() const noexcept = 0;

  /// Starts to interrupt the Python code of that turn, and no other; does not
  /// wait for it.
  /// @param turn as `running` tells it
  /// @param why what the call comes to
  /// @returns false where the turn is over or not inside Python, or where an
  ///          attempt is under way already
  virtual bool interrupt(uint64_t turn, error why) = 0;

  /// Tries whether the GIL can be had; does not wait for that.
  virtual void probe_gil() = 0;

  /// @returns whether an attempt to interrupt, or to probe, does not come
  ///          through: somebody keeps the GIL
  [[nodiscard]] virtual bool is_interrupting() const = 0;

protected:
  ~watched() = default;
};

} // namespace runtime
} // namespace pyactor
