#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>

#include <exception>
#include <string>

/// @file
/// The one place where pyactor's errors become CAF's and come back; code, text,
/// traceback and causes survive both ways.
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// @returns `what` as CAF has errors
[[nodiscard]] caf::error to_caf(error what);

/// @returns the `pyactor::error` that `to_caf` put in, or one that says what a
///          CAF error means to a caller: a receiver that is gone is
///          `actor_dead`, an expired request `timed_out`
[[nodiscard]] error from_caf(const caf::error& what);

/// @returns whether `what` carries an error of ours with this code
[[nodiscard]] bool is_error(const caf::error& what, errc code) noexcept;

/// @returns for a person: type and message, then the traceback
[[nodiscard]] std::string describe(const caf::error& what);

/// Turns what left a handler into the exit reason of its actor.
[[nodiscard]] caf::error to_caf(std::exception_ptr thrown);

/// Adds the renderer of our errors to `config`.
void add_error_renderer(caf::actor_system_config& config);

} // namespace runtime
} // namespace pyactor
