#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pyactor {

/// The first character of a text and how many bytes it takes; no bytes where
/// the text does not start with valid UTF-8.
struct utf8_character {
  char32_t character;
  size_t size;
};

/// @pre `text` is not empty
[[nodiscard]] utf8_character decode_utf8(std::string_view text) noexcept;

/// @returns where the first byte that is not UTF-8 is, or `text.size()`
[[nodiscard]] size_t valid_utf8_prefix(std::string_view text) noexcept;

} // namespace pyactor
