#include <pyactor/libpyactor/conversion/path.hpp>

#include <pyactor/libpyactor/value.hpp>

#include <algorithm>

namespace pyactor {

namespace {

/// Longer keys are cut in paths.
constexpr size_t shown_key_bytes = 60;

bool is_identifier(std::string_view text) {
  auto isalpha = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  auto isalnum = [&](char c) { return isalpha(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && isalpha(text.front())
         && std::ranges::all_of(text, isalnum);
}

bool has_path(std::string_view message) {
  return message.starts_with('$') && message.size() > 1
         && std::string_view{":.[{"}.find(message[1]) != std::string_view::npos;
}

} // namespace

unexpected refuse(std::string_view message) {
  return fail(errc::not_convertible, "$: " + std::string{message});
}

error at_step(error what, std::string_view step) {
  if (!has_path(what.message))
    what.message.insert(0, "$: ");
  what.message.insert(1, step);
  return what;
}

std::string index_step(size_t index) {
  return '[' + std::to_string(index) + ']';
}

std::string shown_key(const value& key) {
  auto text = to_short_string(key);
  if (text.size() <= shown_key_bytes)
    return text;
  auto end = shown_key_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return text.substr(0, end) + "...";
}

std::string key_step(const value& key) {
  auto* name = key.as_str();
  if (name && is_identifier(*name) && name->size() <= shown_key_bytes)
    return '.' + *name;
  return '[' + shown_key(key) + ']';
}

std::string dict_key_step(size_t index) {
  return ".keys()" + index_step(index);
}

} // namespace pyactor
