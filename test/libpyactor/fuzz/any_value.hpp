#pragma once

#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <fuzzer/FuzzedDataProvider.h>

namespace pyactor::fuzz {

/// @returns the value that these bytes describe; any bytes describe one
[[nodiscard]] value any_value(FuzzedDataProvider& bytes);

/// Whether there can be no Python object for `x`: somewhere in it a key or
/// element has no hash or is equal to another one, or text is not UTF-8; or it
/// is beyond the limits.
[[nodiscard]] bool is_to_be_refused(const value& x,
                                    const interpreter_limits& limits);

} // namespace pyactor::fuzz
