#pragma once

#include <pyactor/libpyactor/error.hpp>

#include <spdlog/spdlog.h>

#include <string>
#include <vector>

namespace pyactor::runtime {

/// The log of this layer: `pyactor.runtime` of spdlog's registry, so that a
/// user who registers a logger of that name gets what it says. Off until a
/// runtime sets a level.
/// @thread any
[[nodiscard]] spdlog::logger& log();

/// Sets the level of all of pyactor's loggers.
/// @returns `invalid_argument` that lists the levels
expected<void> set_log_level(const std::string& level);

/// @returns the names, separated by commas
[[nodiscard]] std::string join(const std::vector<std::string>& names);

} // namespace pyactor::runtime
