#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <spdlog/spdlog.h>

#include <cstdint>
#include <string>

namespace PYACTOR_EXPORT pyactor {

/// Who says something; each has a logger of its own.
enum class layer : uint8_t {
  /// Python embedded without actors. It returns its errors, and logs none.
  libpyactor,
  /// Contexts, pools, and what becomes of the actors in them.
  runtime,
  /// Exits and restarts, probes, supervisors that give up.
  supervisors,
};

/// The log of a layer. A user who registers a logger of its name before its
/// first use gets what the layer says; else it goes to stderr. Says nothing
/// until `set_log_level`.
/// @param which layer speaks
/// @returns `pyactor.libpyactor`, `pyactor.runtime` or `pyactor.supervisors` of
///          spdlog's registry
/// @thread any
[[nodiscard]] spdlog::logger& log(layer which);

/// Sets the level of all three.
/// @param level trace, debug, info, warning, error, critical or off
/// @returns `invalid_argument` that lists the levels
/// @thread any
expected<void> set_log_level(const std::string& level);

/// Says why, on stderr where `who` logs nothing, writes what is logged, and
/// ends the process by `std::abort`.
/// @param who says so
/// @param why for a person
/// @thread any
[[noreturn]] void abort_process(layer who, const std::string& why);

} // namespace pyactor
