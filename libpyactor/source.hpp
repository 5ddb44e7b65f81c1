#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace PYACTOR_EXPORT pyactor {

/// Python source text and where it came from.
/// @thread any; copies share the text
struct source {
  /// Text without a file.
  /// @param text UTF-8; must outlive this object
  source(std::string_view text) noexcept : text(text) {
  }

  /// As above.
  /// @param text UTF-8 up to the first NUL byte; must outlive this object
  source(const char* text) noexcept : text(text) {
  }

  /// As above.
  /// @param text UTF-8; must outlive this object, so no temporary one
  source(const std::string& text) noexcept : text(text) {
  }

  /// Text of a file.
  /// @param text UTF-8; must outlive this object
  /// @param file for tracebacks, it is not read; must outlive this object
  source(std::string_view text, std::string_view file) noexcept
    : text(text), file(file) {
  }

  /// UTF-8.
  std::string_view text;
  /// Shown in tracebacks; empty stands for `<pyactor:HASH>`.
  std::string_view file;
};

/// Names that an expression sees in addition to its environment.
using overlay = std::vector<std::pair<std::string, value>>;

} // namespace pyactor
