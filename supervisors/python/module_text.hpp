#pragma once

#include <string_view>

namespace pyactor::supervisors::python {

/// Text of `pyactor.supervision`: supervisors/python/supervision.py, which the
/// build turns into a source file.
extern const std::string_view module_text;

} // namespace pyactor::supervisors::python
