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

/// @param what carried along as a whole
/// @returns `what` as CAF has errors
[[nodiscard]] caf::error to_caf(error what);

/// @param what an error of CAF's or of ours
/// @returns the `pyactor::error` that `to_caf` put in, or one that says what a
///          CAF error means to a caller: a receiver that is gone is
///          `actor_dead`, an expired request `timed_out`
[[nodiscard]] error from_caf(const caf::error& what);

/// @param what an error of any category
/// @param code that it is compared with
/// @returns whether `what` carries an error of ours with this code
[[nodiscard]] bool is_error(const caf::error& what, errc code) noexcept;

/// @param what an error, or none, which is `normal`
/// @returns for a person: type and message, then the traceback
[[nodiscard]] std::string describe(const caf::error& what);

/// @param thrown what left a handler; not null
/// @returns the exit reason of its actor: the error of a `python_error`, else
///          `reply_lost` with the text of the exception
[[nodiscard]] caf::error to_caf(std::exception_ptr thrown);

/// Adds the renderer of our errors.
/// @param config of an actor system that does not exist yet
void add_error_renderer(caf::actor_system_config& config);

} // namespace runtime
} // namespace pyactor
