#pragma once

#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <fuzzer/FuzzedDataProvider.h>

namespace pyactor::fuzz {

/// @returns the value that these bytes describe; any bytes describe one
[[nodiscard]] value any_value(FuzzedDataProvider& bytes);

/// Whether there may be no Python object for `x`: it has keys or elements, or
/// text that is not UTF-8, or is beyond the limits.
[[nodiscard]] bool may_be_refused(const value& x,
                                  const interpreter_limits& limits);

} // namespace pyactor::fuzz
