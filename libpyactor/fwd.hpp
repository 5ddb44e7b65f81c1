#pragma once

#include <pyactor/libpyactor/export.hpp>

// CPython's two struct names, so that no header of ours includes <Python.h>.
struct _object; // NOLINT(bugprone-reserved-identifier)
struct _ts;     // NOLINT(bugprone-reserved-identifier)

namespace PYACTOR_EXPORT pyactor {

class actor_ref;
class attach_scope;
class environment;
class host;
class interpreter;
class main_interpreter;
class object_ref;
class python_error;
class value;
struct arguments;
struct error;
struct extension;
struct interpreter_limits;
struct source;

} // namespace pyactor
