#pragma once

#include <pyactor/libpyactor/extension.hpp>

namespace pyactor::supervisors::python {

/// Adds what supervision.py asks a supervisor by: Python code waits for the
/// answer.
void define_questions(extension& module);

} // namespace pyactor::supervisors::python
