#pragma once

#include <Python.h>

#include <pyactor/libpyactor/object_ref.hpp>

#include <string>
#include <string_view>

namespace pyactor::capi {

/// @returns UTF-8 of a `str`, lone surrogates escaped; empty for anything else
/// @post no exception is set
[[nodiscard]] std::string text_of(PyObject* object);

/// @returns `str(object)`, or empty where that raises
/// @post no exception is set
[[nodiscard]] std::string str_of(PyObject* object);

/// @returns a `str`, or null with an exception set; bytes that are not UTF-8
///          become lone surrogates, as in file names
[[nodiscard]] object_ref make_text(std::string_view text);

/// @returns an interned `str`, or null with an exception set
[[nodiscard]] object_ref make_name(std::string_view text);

} // namespace pyactor::capi
