#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <span>
#include <utility>
#include <vector>

// Free of <Python.h>, because the templates of conversion.hpp call it.

namespace PYACTOR_EXPORT pyactor {
namespace capi {

using item_list = std::vector<object_ref>;
using pair_list = std::vector<std::pair<object_ref, object_ref>>;

// Each makes a container of objects that are there already. Sets and dicts are
// `not_convertible` where items are equal in Python or cannot be hashed.

[[nodiscard]] expected<object_ref> make_list(attach_scope& py, item_list items);
[[nodiscard]] expected<object_ref> make_tuple(attach_scope& py,
                                              std::span<object_ref> items);
[[nodiscard]] expected<object_ref> make_set(attach_scope& py,
                                            const item_list& items);
[[nodiscard]] expected<object_ref> make_dict(attach_scope& py,
                                             const pair_list& items);

} // namespace capi
} // namespace pyactor
