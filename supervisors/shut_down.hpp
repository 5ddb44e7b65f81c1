#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/runtime.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <chrono>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// Ends a program's trees, the last one first, and then its Python, all within
/// one deadline: in that order, because a supervisor would start again what the
/// end of Python ends. Half of the time is for orderly stops, an equal share of
/// what is left of it for each tree whose turn comes; those that take longer
/// are stopped by force, until three quarters are over. The rest is Python's.
/// @param python whose children the trees may have
/// @param trees the owner's handles of topmost supervisors; others may go on
/// @param deadline bound on all of it
/// @returns what would not end in time. A program whose report is not complete
///          ends with `runtime::end_process`
/// @thread any that is neither an actor's nor a context's; blocks
[[nodiscard]] runtime::stop_report
shut_down(runtime::runtime& python, const std::vector<supervisor_ref>& trees,
          std::chrono::milliseconds deadline);

} // namespace supervisors
} // namespace pyactor
