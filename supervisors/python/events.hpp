#pragma once

#include <pyactor/libpyactor/extension.hpp>

namespace pyactor::supervisors::python {

/// Adds what events.py makes a stream by, and reads it: any thread may read.
void define_events(extension& module);

} // namespace pyactor::supervisors::python
