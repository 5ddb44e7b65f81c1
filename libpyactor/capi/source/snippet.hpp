#pragma once

#include <Python.h>

#include <pyactor/libpyactor/object_ref.hpp>

namespace pyactor::capi {

/// A function that is easier said in Python than in C calls.
/// @param text statements that define a function `run`
/// @returns that function, or null with an exception set
[[nodiscard]] object_ref make_snippet(const char* text);

} // namespace pyactor::capi
