#pragma once

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>

#include <functional>

namespace pyactor::test {

/// The CPython of this process: started on first use, on a thread of its own
/// that waits until the process ends.
/// @param outside given at the first use, or null
main_interpreter& python(host* outside = nullptr);

/// Runs `fn` attached to an interpreter that the calling thread opens for it
/// and ends afterwards.
void in_main(const std::function<void(attach_scope&)>& fn,
             interpreter_limits limits = {});

/// The same in an own-GIL interpreter; skips the test where this CPython has
/// none.
void in_own_gil(const std::function<void(attach_scope&)>& fn,
                interpreter_limits limits = {});

/// Both, one after the other.
void in_each_kind(const std::function<void(attach_scope&)>& fn);

} // namespace pyactor::test
