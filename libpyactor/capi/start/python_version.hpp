#pragma once

#include <pyactor/libpyactor/error.hpp>

namespace pyactor::capi {

/// Checks that the CPython that runs is the one that this was compiled against:
/// another minor version has other structures behind the same names.
/// @param running the version as `Py_Version` holds it, `0x030E08F0` for 3.14.8
/// @returns `start_failed` that names both
/// @thread any; CPython need not have been started
[[nodiscard]] expected<void> check_python_version(unsigned long running);

} // namespace pyactor::capi
