#pragma once

#include <pyactor/libpyactor/host.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

namespace pyactor::fuzz {

/// @returns the actors that values refer to, by the names that Python finds
///          them by; the same references each time
[[nodiscard]] const std::map<std::string, actor_ref_ptr, std::less<>>& actors();

/// @returns the value that these bytes describe; any bytes describe one
[[nodiscard]] value any_value(FuzzedDataProvider& bytes);

/// Whether there can be no Python object for `x`: somewhere in it a key or
/// element has no hash or is equal to another one, or text is not UTF-8; or it
/// is beyond the limits.
[[nodiscard]] bool is_to_be_refused(const value& x,
                                    const interpreter_limits& limits);

/// @returns the references to actors that are anywhere in `x`, sorted by where
///          they are in memory: a set has no order
[[nodiscard]] std::vector<const actor_ref*> references_in(const value& x);

} // namespace pyactor::fuzz
