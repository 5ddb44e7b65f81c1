#include <pyactor/libpyactor/utf8.hpp>

namespace pyactor {

namespace {

/// Size, payload of the first byte, and smallest character of a sequence.
struct sequence_form {
  size_t size;
  char32_t payload;
  char32_t smallest;
};

sequence_form form_of(unsigned char first) noexcept {
  if (first < 0x80)
    return {1, first, 0};
  if (first >= 0xc2 && first < 0xe0)
    return {2, first & 0x1fU, 0x80};
  if (first >= 0xe0 && first < 0xf0)
    return {3, first & 0x0fU, 0x800};
  if (first >= 0xf0 && first < 0xf5)
    return {4, first & 0x07U, 0x10000};
  return {0, 0, 0};
}

} // namespace

utf8_character decode_utf8(std::string_view text) noexcept {
  auto form = form_of(static_cast<unsigned char>(text.front()));
  if (form.size > text.size())
    return {0, 0};
  auto result = form.payload;
  for (size_t i = 1; i < form.size; ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80)
      return {0, 0};
    result = result << 6 | (byte & 0x3fU);
  }
  auto surrogate = result >= 0xd800 && result <= 0xdfff;
  if (result < form.smallest || result > 0x10ffff || surrogate)
    return {0, 0};
  return {result, form.size};
}

size_t valid_utf8_prefix(std::string_view text) noexcept {
  size_t position = 0;
  while (position < text.size()) {
    auto size = decode_utf8(text.substr(position)).size;
    if (size == 0)
      break;
    position += size;
  }
  return position;
}

} // namespace pyactor
