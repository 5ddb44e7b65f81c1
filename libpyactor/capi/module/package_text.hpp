#pragma once

#include <string_view>

namespace pyactor::capi {

/// Text of the package `pyactor`: libpyactor/python/pyactor/__init__.py, which
/// the build turns into a source file.
extern const std::string_view package_text;

} // namespace pyactor::capi
