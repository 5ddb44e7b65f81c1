#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

/// @file
/// What `from_value` asks of a value, without templates.
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {

/// @param x the value that is there
/// @param wanted the type that is asked for, for example `a list or tuple`
/// @returns `not_convertible`, at the root
[[nodiscard]] unexpected refuse_value(const value& x, std::string_view wanted);

/// @param x of any kind; must outlive the result
/// @returns the items of a list or tuple, else `not_convertible`
[[nodiscard]] expected<const value::sequence*> sequence_in(const value& x);

/// The same, of a given size.
/// @param x of any kind; must outlive the result
/// @param size how many items there are to be
/// @returns `not_convertible` also where there are more, or fewer
[[nodiscard]] expected<const value::sequence*> sequence_in(const value& x,
                                                           size_t size);

/// @param x of any kind; must outlive the result
/// @returns the items of a set or frozenset, else `not_convertible`
[[nodiscard]] expected<const value::sequence*> set_in(const value& x);

/// @param x of any kind; must outlive the result
/// @returns the items of a dict, else `not_convertible`
[[nodiscard]] expected<const value::mapping*> dict_in(const value& x);

/// The fields of a struct: a dict with just these keys.
/// @param x of any kind; must outlive the result
/// @param type_name name of the struct, for messages
/// @param names of its fields
/// @returns what it has for each of them, in this order, else `not_convertible`
[[nodiscard]] expected<std::vector<const value*>>
fields_in(const value& x, std::string_view type_name,
          std::span<const std::string_view> names);

/// Two keys or elements that differ in Python and are one in C++.
/// @param x what both of them become
/// @param what `keys` or `elements`
/// @returns `not_convertible`, at the root
[[nodiscard]] unexpected refuse_repetition(const value& x,
                                           std::string_view what);

} // namespace pyactor
