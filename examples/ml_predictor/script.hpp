#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace ml_predictor {

/// @returns the path of a file in `model/`
[[nodiscard]] std::string script_path(const std::string& name);

/// Runs a script of `model/` in a process of its own, with the venv's python.
/// What it writes to stderr goes to the user.
/// @param stop ends the process
/// @returns what it printed
/// @throws failure, interrupted
[[nodiscard]] std::string run_script(const std::string& venv,
                                     const std::string& name,
                                     const std::vector<std::string>& arguments,
                                     const std::stop_token& stop);

} // namespace ml_predictor
