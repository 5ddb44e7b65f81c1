#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>

#include <cstddef>
#include <string>
#include <string_view>

/// @file
/// A conversion that fails says where: its message starts with a path from the
/// root `$`, for example `$[2].name: `. Nothing of it is built before the
/// failure: the innermost level refuses, each level around it puts its own step
/// in front.
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {

/// @param message for a person, without a path: what is wrong, and the remedy
/// @returns `not_convertible` at the root
[[nodiscard]] unexpected refuse(std::string_view message);

/// @param what the conversion failed with, one level further in
/// @param step from this level to that one, for example `[2]` or `.name`
/// @returns the failure with `step` in front of its path, or after `$` where
///          its message has no path yet
[[nodiscard]] error at_step(error what, std::string_view step);

/// @param index of an item, from 0 on
/// @returns the step to it: `[2]`
[[nodiscard]] std::string index_step(size_t index);

/// @param key of any kind
/// @returns `key` as Python shows it, cut where it is long
[[nodiscard]] std::string shown_key(const value& key);

/// @param key of a dict
/// @returns the step to what the dict has for it: `.name` or `['k y']`
[[nodiscard]] std::string key_step(const value& key);

/// @param index of a key in the order of the dict
/// @returns the step to that key itself: `.keys()[2]`
[[nodiscard]] std::string dict_key_step(size_t index);

/// Some element of a set, which has no name.
inline constexpr std::string_view set_step = "{...}";

} // namespace pyactor
