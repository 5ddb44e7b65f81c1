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
  /// Text without a file; it must outlive this object.
  source(std::string_view text) noexcept : text(text) {
  }

  /// As above, up to the first NUL byte.
  source(const char* text) noexcept : text(text) {
  }

  /// As above.
  source(const std::string& text) noexcept : text(text) {
  }

  /// Text of a file; both must outlive this object.
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
