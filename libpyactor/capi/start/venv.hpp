#pragma once

#include <pyactor/libpyactor/error.hpp>

#include <string>
#include <string_view>

namespace pyactor::capi {

/// A virtual environment that this CPython can use.
/// @thread any
struct venv {
  /// Absolute.
  std::string executable;
  std::string site_packages;
};

/// Looks at a folder, before CPython starts.
/// @returns `invalid_argument` where it holds no virtual environment, or one of
///          another Python version
[[nodiscard]] expected<venv> inspect_venv(std::string_view folder);

} // namespace pyactor::capi
