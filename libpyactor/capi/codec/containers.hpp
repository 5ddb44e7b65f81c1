#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <span>
#include <utility>
#include <vector>

// Free of <Python.h>, because the templates of conversion.hpp call it.

/// @file
/// Makes containers of objects that are there already.
/// @thread attached, to the interpreter of the objects

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// New references to the items of a container.
using item_list = std::vector<object_ref>;
/// New references to keys and what they stand for.
using pair_list = std::vector<std::pair<object_ref, object_ref>>;

/// @param py for what Python raises
/// @param items none of them null; the list takes them over
/// @returns a list of these items, or `python_exception`: no memory
[[nodiscard]] expected<object_ref> make_list(attach_scope& py, item_list items);
/// @param py for what Python raises
/// @param items none of them null; the tuple takes them over, and leaves null
/// @returns a tuple of these items, or `python_exception`: no memory
[[nodiscard]] expected<object_ref> make_tuple(attach_scope& py,
                                              std::span<object_ref> items);
/// @param py for what Python raises
/// @param items none of them null; the set adds references of its own
/// @returns a set, `not_convertible` where items are equal in Python or cannot
///          be hashed, or `python_exception`: no memory, or code of an item
///          raised
[[nodiscard]] expected<object_ref> make_set(attach_scope& py,
                                            const item_list& items);
/// @param py for what Python raises
/// @param items none of them null; the dict adds references of its own
/// @returns a dict, `not_convertible` where keys are equal in Python or cannot
///          be hashed, or `python_exception`: no memory, or code of a key
///          raised
[[nodiscard]] expected<object_ref> make_dict(attach_scope& py,
                                             const pair_list& items);

} // namespace capi
} // namespace pyactor
