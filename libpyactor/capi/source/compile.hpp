#pragma once

#include <Python.h>

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>
#include <pyactor/libpyactor/source.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pyactor::capi {

enum class compile_mode : uint8_t {
  statements,
  expression,
};

/// What is compiled, and what compiled code is known by.
struct compile_request {
  compile_mode mode;
  /// Of the compiler, `CO_FUTURE_ANNOTATIONS` for one.
  int flags;
  std::string_view text;
  std::string_view file;
  /// An expression with names becomes a function of them; null for none.
  const overlay* names = nullptr;
};

/// Compiles one text.
/// @param file the file name, a `str`
/// @returns a code object, or
///          - `invalid_source`: NUL bytes, not UTF-8
///          - `syntax_error`: with file, line, column and the line
///          - `invalid_argument`: an overlay name is no identifier
///          - `python_exception`: memory ran out, and the like
[[nodiscard]] expected<object_ref>
compile(attach_scope& py, const compile_request& what, const object_ref& file);

} // namespace pyactor::capi
