#pragma once

#include <pyactor/libpyactor/export.hpp>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Ends the process at once, for a program that something was left behind in
/// (see `stop_report`): logs and the C library's streams are flushed, and
/// neither `atexit` handlers nor static destructors run, under which a thread
/// that still runs Python code might touch what they destroy.
/// @param code of the process
/// @thread any
[[noreturn]] void end_process(int code) noexcept;

} // namespace runtime
} // namespace pyactor
