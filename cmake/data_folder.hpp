#pragma once

namespace pyactor {

/// A folder with files that this program reads as it runs, such as Python
/// modules of the source tree: what `pyactor_data_folder` of CMake says.
/// @returns its absolute path
/// @thread any
const char* data_folder() noexcept;

} // namespace pyactor
