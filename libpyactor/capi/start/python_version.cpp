#include <pyactor/libpyactor/capi/start/python_version.hpp>

#include <string>

namespace pyactor::capi {

namespace {

// The lowest byte of a version is its release level and a number: 0xA3 is the
// third alpha, 0xB3 a beta, 0xC3 a release candidate, 0xF0 a release.
constexpr unsigned long first_candidate = 0xC0;

/// Whether the next version may have other structures.
bool is_pre_release(unsigned long hex) {
  return (hex & 0xF0) < first_candidate;
}

/// @returns `3.14` from `0x030E08F0`
std::string minor_version(unsigned long hex) {
  return std::to_string(hex >> 24) + "." + std::to_string(hex >> 16 & 0xFF);
}

/// @returns `3.14.8` from `0x030E08F0`, `3.15.0b3` from `0x030F00B3`
std::string full_version(unsigned long hex) {
  auto result = minor_version(hex) + "." + std::to_string(hex >> 8 & 0xFF);
  auto number = std::to_string(hex & 0xF);
  switch (hex & 0xF0) {
    case 0xA0:
      return result + "a" + number;
    case 0xB0:
      return result + "b" + number;
    case 0xC0:
      return result + "rc" + number;
    default:
      return result;
  }
}

unexpected refusal(const std::string& built, const std::string& running) {
  return fail(errc::start_failed, "pyactor was built against CPython " + built
                                    + ", but " + running
                                    + " runs here: link libpython of " + built
                                    + ", or build pyactor anew");
}

} // namespace

expected<void> check_python_version(unsigned long running,
                                    unsigned long built) {
  if (running >> 16 != built >> 16)
    return refusal(minor_version(built), minor_version(running));
  if (running != built && (is_pre_release(running) || is_pre_release(built)))
    return refusal(full_version(built), full_version(running));
  return {};
}

} // namespace pyactor::capi
