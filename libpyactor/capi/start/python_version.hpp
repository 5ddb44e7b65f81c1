#pragma once

#include <pyactor/libpyactor/error.hpp>

namespace pyactor::capi {

/// Checks that the CPython that runs is one that this was compiled for: another
/// minor version has other structures behind the same names, and so may have
/// each alpha and beta. From the first release candidate on, they stay.
/// @param running the version as `Py_Version` holds it, `0x030E08F0` for 3.14.8
/// @param built   the same of the headers, `PY_VERSION_HEX`
/// @returns `start_failed` that names both
/// @thread any; CPython need not have been started
[[nodiscard]] expected<void> check_python_version(unsigned long running,
                                                  unsigned long built);

} // namespace pyactor::capi
