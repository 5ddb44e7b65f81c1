#pragma once

#include <pyactor/libpyactor/extension.hpp>

namespace pyactor::supervisors::python {

/// Adds what supervision.py divides keys by, and orders other divisions.
void define_partitions(extension& module);

} // namespace pyactor::supervisors::python
