#pragma once

#include <Python.h>

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/interpreter.hpp>

#include <cstdint>
#include <vector>

namespace pyactor::capi {

/// Creates a subinterpreter with its own GIL, on the calling thread.
/// @param main the main interpreter
/// @returns its thread state, not attached, or `start_failed`
/// @pre this thread is not attached
[[nodiscard]] expected<PyThreadState*> new_own_gil(PyInterpreterState* main);

/// A thread that runs in an interpreter.
struct running_thread {
  /// Grows with each thread of the interpreter; what ended has none.
  uint64_t id = 0;
  /// What `threading.get_ident` says on it.
  unsigned long ident = 0;
};

/// @returns the other threads that run in the interpreter of the calling one,
///          which is attached with `thread`
[[nodiscard]] std::vector<running_thread> other_threads(PyThreadState* thread);

/// Ends a subinterpreter with its last thread state, or frees a thread state of
/// the main one. Waits for all other threads of a subinterpreter: CPython does
/// so for those of module `threading`, and crashes over those of `_thread`.
/// @thread the one that the state was made on, not attached
void end_thread_state(PyThreadState* thread, interpreter_kind kind) noexcept;

} // namespace pyactor::capi
