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

/// A value where another type is asked for, `wanted`, for example `a list or
/// tuple`.
[[nodiscard]] unexpected refuse_value(const value& x, std::string_view wanted);

/// @returns the items of a list or tuple, else `not_convertible`
[[nodiscard]] expected<const value::sequence*> sequence_in(const value& x);

/// The same, of so many items.
/// @returns `not_convertible` also where there are more, or fewer
[[nodiscard]] expected<const value::sequence*> sequence_in(const value& x,
                                                           size_t size);

/// @returns the items of a set or frozenset, else `not_convertible`
[[nodiscard]] expected<const value::sequence*> set_in(const value& x);

/// @returns the items of a dict, else `not_convertible`
[[nodiscard]] expected<const value::mapping*> dict_in(const value& x);

/// The fields of a struct: a dict with just these keys.
/// @returns what it has for each of them, in this order, else `not_convertible`
[[nodiscard]] expected<std::vector<const value*>>
fields_in(const value& x, std::string_view type_name,
          std::span<const std::string_view> names);

/// Two of `what`, `keys` or `elements`, that are one in C++.
[[nodiscard]] unexpected refuse_repetition(const value& x,
                                           std::string_view what);

} // namespace pyactor
