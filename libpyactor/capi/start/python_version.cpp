#include <Python.h>

#include <pyactor/libpyactor/capi/start/python_version.hpp>

#include <string>

namespace pyactor::capi {

namespace {

/// @returns `3.14` from `0x030E08F0`
std::string minor_version(unsigned long hex) {
  return std::to_string(hex >> 24) + "." + std::to_string(hex >> 16 & 0xFF);
}

} // namespace

expected<void> check_python_version(unsigned long running) {
  if (running >> 16 == PY_VERSION_HEX >> 16)
    return {};
  auto built = minor_version(PY_VERSION_HEX);
  return fail(errc::start_failed, "pyactor was built against CPython " + built
                                    + ", but " + minor_version(running)
                                    + " runs here: link libpython" + built
                                    + ", or build pyactor anew");
}

} // namespace pyactor::capi
