#pragma once

#include <pyactor/libpyactor/fwd.hpp>

#include <chrono>
#include <optional>

namespace pyactor::capi {

/// Reads a number of milliseconds, not negative and at most 1e12.
/// @param what for the text of the exception
/// @returns none with a TypeError or a ValueError set
[[nodiscard]] std::optional<std::chrono::nanoseconds>
read_milliseconds(_object* number, const char* what);

} // namespace pyactor::capi
