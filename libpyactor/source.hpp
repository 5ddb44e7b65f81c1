#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace PYACTOR_EXPORT pyactor {

/// Python source text and where it came from.
struct source {
  source(std::string_view text) noexcept : text(text) {
  }

  source(const char* text) noexcept : text(text) {
  }

  source(const std::string& text) noexcept : text(text) {
  }

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
