#pragma once

#include <pyactor/libpyactor/log.hpp>

#include <string>
#include <vector>

namespace pyactor::runtime {

/// The log of this layer.
/// @thread any
[[nodiscard]] inline spdlog::logger& log() {
  return pyactor::log(layer::runtime);
}

/// @returns the names, separated by commas
[[nodiscard]] std::string join(const std::vector<std::string>& names);

} // namespace pyactor::runtime
