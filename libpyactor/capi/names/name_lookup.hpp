#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <string_view>

namespace pyactor::capi {

/// Finds `f` or `a.b` in `globals`, then in the builtins, or `module:attr.path`
/// in a module that is imported on demand.
/// @returns the object, or `invalid_argument`, `not_found`, `python_exception`
expected<object_ref> find_name(attach_scope& py, const object_ref& globals,
                               std::string_view name);

/// @returns a `not_callable` that says what the object is instead
[[nodiscard]] unexpected not_callable(std::string_view name,
                                      const object_ref& object);

} // namespace pyactor::capi
