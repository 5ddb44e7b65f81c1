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
/// end of Python ends. Three quarters of the time are the trees', in equal
/// shares of what is left when the turn comes to each: two thirds of its share
/// are for an orderly stop, the rest for one by force. The last quarter is
/// Python's.
/// @param python whose children the trees may have
/// @param trees the owner's handles; others may go on
/// @param deadline bound on all of it
/// @returns what would not end in time. A program whose report is not complete
///          ends with `runtime::end_process`
/// @thread any that is neither an actor's nor a context's; blocks
[[nodiscard]] runtime::stop_report
shut_down(runtime::runtime& python, const std::vector<supervisor_ref>& trees,
          std::chrono::milliseconds deadline);

} // namespace supervisors
} // namespace pyactor
