#pragma once

#include <string_view>

namespace pyactor::supervisors::python {

// Texts of the modules `pyactor.supervision` and, for the others, `pyactor.`
// `supervision_fields` and so on: the files of these names, which the build
// turns into source files.

extern const std::string_view fields_text;
extern const std::string_view children_text;
extern const std::string_view events_text;
extern const std::string_view declaration_text;
extern const std::string_view supervision_text;

} // namespace pyactor::supervisors::python
