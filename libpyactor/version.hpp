#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <string_view>

namespace PYACTOR_EXPORT pyactor {

/// @returns the version of the pyactor that runs, for example `0.1.0`; CMake's
///          `pyactor_VERSION` is that of the one that was built against
/// @thread any; the text lives as long as the process
[[nodiscard]] std::string_view version() noexcept;

} // namespace pyactor
