#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <string>
#include <string_view>

// Free of <Python.h>, because the templates of conversion.hpp call it.

/// @file
/// @thread attached, to the interpreter of the objects

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// Copies the text of a `str` as UTF-8. Leaves nothing behind in the object,
/// as CPython's own cache of UTF-8 would.
/// @param str exact or of a subclass
/// @returns `not_convertible` where it holds a lone surrogate
[[nodiscard]] expected<std::string> utf8_of(_object* str);

/// @param py for what Python raises
/// @param text UTF-8, NUL bytes included
/// @returns a `str`, `not_convertible` where `text` is not UTF-8, or
///          `python_exception`: no memory
[[nodiscard]] expected<object_ref> make_str(attach_scope& py,
                                            std::string_view text);

} // namespace capi
} // namespace pyactor
