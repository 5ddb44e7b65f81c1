#pragma once

namespace pyactor {

/// For programs of this project that use files of its source tree, such as the
/// Python modules of an example: `pyactor_source_folder` of CMake says which
/// folder they are in.
/// @returns its absolute path
/// @thread any
const char* source_folder() noexcept;

} // namespace pyactor
