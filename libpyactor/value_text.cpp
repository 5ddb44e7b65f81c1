#include <pyactor/libpyactor/big_integer.hpp>
#include <pyactor/libpyactor/host.hpp>
#include <pyactor/libpyactor/utf8.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace pyactor {

namespace {

/// What stands for an integer that is longer than this: digits, which take time
/// that is quadratic, or its size.
constexpr size_t long_integer_bytes = 64;
enum class long_integers { digits, size };

std::string text_of(const value& x, long_integers style);

constexpr std::string_view hexadecimal = "0123456789abcdef";

/// Python's layout of a float: an exponent from 1e16 on and below 1e-4.
std::string float_text(double x) {
  if (std::isnan(x))
    return "nan";
  if (std::isinf(x))
    return x < 0 ? "-inf" : "inf";
  std::array<char, 32> buffer;
  auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x,
                               std::chars_format::scientific);
  std::string_view shortest{buffer.data(), written.ptr};
  auto mark = shortest.find('e');
  auto exponent = 0;
  auto digits = shortest.data() + mark + 1;
  std::from_chars(digits + (*digits == '+' ? 1 : 0), written.ptr, exponent);
  if (exponent < -4 || exponent >= 16)
    return std::string{shortest};
  written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x,
                          std::chars_format::fixed);
  std::string result{buffer.data(), written.ptr};
  return result.find('.') == result.npos ? result + ".0" : result;
}

/// @returns the quote that Python's `repr` takes for this text
char quote_for(std::string_view text) {
  return text.find('\'') != text.npos && text.find('"') == text.npos ? '"'
                                                                     : '\'';
}

void append_hexadecimal(std::string& to, uint32_t x, int digits) {
  while (digits-- > 0)
    to.push_back(hexadecimal[x >> 4 * digits & 0xf]);
}

void append_ascii(std::string& to, char c, char quote) {
  switch (c) {
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    default:
      break;
  }
  if (c == quote || c == '\\') {
    to.push_back('\\');
    to.push_back(c);
  } else if (c >= ' ' && c <= '~') {
    to.push_back(c);
  } else {
    to += "\\x";
    append_hexadecimal(to, static_cast<unsigned char>(c), 2);
  }
}

/// Characters outside ASCII that Python does not print, as far as text from
/// people contains them.
bool is_printable(char32_t x) {
  return x > 0xa0 && x != 0xad && !(x >= 0x2000 && x <= 0x200f)
         && !(x >= 0x2028 && x <= 0x202f) && x != 0x3000 && x != 0xfeff
         && !(x >= 0xe000 && x <= 0xf8ff) && x < 0xe0000;
}

void append_escaped(std::string& to, char32_t x) {
  auto digits = x < 0x100 ? 2 : x < 0x10000 ? 4 : 8;
  to.push_back('\\');
  to.push_back(digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
  append_hexadecimal(to, x, digits);
}

std::string str_text(std::string_view text) {
  auto quote = quote_for(text);
  std::string result{quote};
  while (!text.empty()) {
    auto [character, size] = decode_utf8(text);
    if (size == 0)
      append_escaped(result, static_cast<unsigned char>(text.front()));
    else if (size == 1)
      append_ascii(result, text.front(), quote);
    else if (is_printable(character))
      result += text.substr(0, size);
    else
      append_escaped(result, character);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  result.push_back(quote);
  return result;
}

std::string bytes_text(std::string_view data) {
  auto quote = quote_for(data);
  std::string result{'b', quote};
  for (auto c : data)
    append_ascii(result, c, quote);
  result.push_back(quote);
  return result;
}

std::string integer_text(const value& x, long_integers style) {
  if (auto* small = x.as_int64())
    return std::to_string(*small);
  auto complement = x.integer_bytes();
  if (style == long_integers::digits || complement.size() <= long_integer_bytes)
    return integer_to_decimal(complement);
  return "an int of " + std::to_string(integer_bits(complement)) + " bits";
}

std::string joined(const value::sequence& items, long_integers style) {
  std::string result;
  for (const auto& item : items) {
    if (!result.empty())
      result += ", ";
    result += text_of(item, style);
  }
  return result;
}

std::string dict_text(const value::mapping& items, long_integers style) {
  std::string result{'{'};
  for (const auto& [key, mapped] : items) {
    if (result.size() > 1)
      result += ", ";
    result += text_of(key, style) + ": " + text_of(mapped, style);
  }
  return result + '}';
}

std::string items_text(const value& x, long_integers style) {
  const auto& items = *x.as_sequence();
  switch (x.type()) {
    case value::kind::list:
      return '[' + joined(items, style) + ']';
    case value::kind::tuple:
      return '(' + joined(items, style) + (items.size() == 1 ? ",)" : ")");
    case value::kind::set:
      return items.empty() ? "set()" : '{' + joined(items, style) + '}';
    default:
      return items.empty() ? "frozenset()"
                           : "frozenset({" + joined(items, style) + "})";
  }
}

std::string text_of(const value& x, long_integers style) {
  switch (x.type()) {
    case value::kind::none:
      return "None";
    case value::kind::boolean:
      return *x.as_bool() ? "True" : "False";
    case value::kind::integer:
      return integer_text(x, style);
    case value::kind::floating:
      return float_text(*x.as_double());
    case value::kind::str:
      return str_text(*x.as_str());
    case value::kind::bytes:
      return bytes_text(*x.as_bytes());
    case value::kind::dict:
      return dict_text(*x.as_dict(), style);
    case value::kind::actor:
      return "<ActorRef " + x.as_actor()->describe() + '>';
    default:
      return items_text(x, style);
  }
}

} // namespace

std::string to_string(const value& x) {
  return text_of(x, long_integers::digits);
}

std::string to_short_string(const value& x) {
  return text_of(x, long_integers::size);
}

std::string_view to_string(value::kind what) noexcept {
  switch (what) {
    case value::kind::none:
      return "NoneType";
    case value::kind::boolean:
      return "bool";
    case value::kind::integer:
      return "int";
    case value::kind::floating:
      return "float";
    case value::kind::str:
      return "str";
    case value::kind::bytes:
      return "bytes";
    case value::kind::list:
      return "list";
    case value::kind::tuple:
      return "tuple";
    case value::kind::dict:
      return "dict";
    case value::kind::set:
      return "set";
    case value::kind::frozenset:
      return "frozenset";
    case value::kind::actor:
      return "ActorRef";
  }
  return "";
}

} // namespace pyactor
