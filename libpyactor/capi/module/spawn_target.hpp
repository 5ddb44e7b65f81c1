#pragma once

#include <Python.h>

#include <pyactor/libpyactor/capi/module/module_state.hpp>

#include <string>

namespace pyactor::capi {

/// Reads the first argument of `pyactor.spawn`: `module:Class`, or a subclass
/// of `pyactor.Actor` that can be found by its module and name.
/// @returns `module:Class`, or an empty string with an exception set
[[nodiscard]] std::string read_spawn_target(const module_state& state,
                                            PyObject* target);

} // namespace pyactor::capi
