#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/host.hpp>

/// Entry of the built-in module `_pyactor`: register it with
/// `PyImport_AppendInittab` before CPython starts.
extern "C" _object* PyInit__pyactor();

namespace pyactor::capi {

/// Makes the package `pyactor` importable in the interpreter that `py` is
/// attached to; its host is that of `py`'s main interpreter. Idempotent.
/// @returns `start_failed` with what Python raised
/// @thread attached; before other code of this interpreter runs
expected<void> install_package(attach_scope& py);

/// @returns a new `pyactor.ActorRef`, or null with a Python exception set
[[nodiscard]] _object* wrap_actor(attach_scope& py, actor_ref_ptr who);

/// @returns the actor of a `pyactor.ActorRef`, or null for any other object
/// @thread attached to the object's interpreter
[[nodiscard]] actor_ref_ptr unwrap_actor(_object* object);

} // namespace pyactor::capi
