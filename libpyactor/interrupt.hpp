#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>

#include <functional>

namespace PYACTOR_EXPORT pyactor {

/// Raises `pyactor.Interrupted` in the Python code that the thread of `target`
/// runs, as soon as that thread executes Python again: code in C is not
/// interrupted, the import system not before it runs what it imports or is
/// done, and Python code may catch it. One that has not come through yet is not
/// raised twice.
/// @param target what the thread runs
/// @param aim called attached to the interpreter, before the exception is
///            raised, to say whether it still should be, again and again while
///            the thread is importing. From there on until the thread calls
///            `settle_interrupts` it may hit any code
/// @returns whether `aim` agreed and the exception was raised; it is not where
///          the import system stays busy for 100 ms
/// @pre `target` is not ended before this returns
/// @thread any that is attached to nothing. Attaches, so that it blocks for as
///         long as code in C keeps the GIL, be it for ever
bool interrupt(interpreter& target, const std::function<bool()>& aim);

/// Takes back what `interrupt` has raised and what has not come through, so
/// that it hits nothing that follows. A call of `interrupt` whose aim has
/// agreed is awaited first.
/// @param py attached to the interpreter that `interrupt` was aimed at
/// @returns whether an exception has come through since the last time
/// @pre no Python code runs on this thread
/// @thread the interpreter's
bool settle_interrupts(attach_scope& py);

} // namespace pyactor
