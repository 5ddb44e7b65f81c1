#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>

namespace pyactor::capi {

/// Applies what CPython's own configuration does not carry over, once in each
/// CPython interpreter: `sys.path` and the switch interval.
/// @returns `start_failed` with what Python raised
expected<void> set_up_interpreter(attach_scope& py,
                                  const python_config& config);

} // namespace pyactor::capi
