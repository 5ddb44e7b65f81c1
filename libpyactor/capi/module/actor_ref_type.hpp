#pragma once

#include <Python.h>

#include <pyactor/libpyactor/capi/module/module_state.hpp>
#include <pyactor/libpyactor/host.hpp>

namespace pyactor::capi {

/// @returns the type `pyactor.ActorRef`, or null with an exception set
[[nodiscard]] PyTypeObject* make_actor_ref_type(PyObject* module);

/// @returns a new `ActorRef`, or null with an exception set
/// @pre `who` is not null
[[nodiscard]] PyObject* make_actor_ref(const module_state& state,
                                       actor_ref_ptr who);

} // namespace pyactor::capi
