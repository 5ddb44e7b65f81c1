#include <Python.h>

#include <pyactor/libpyactor/capi/codec/str_text.hpp>

#include <pyactor/libpyactor/capi/codec/refusal.hpp>
#include <pyactor/libpyactor/capi/object.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/utf8.hpp>

#include <algorithm>
#include <optional>
#include <span>

namespace pyactor::capi {

namespace {

bool is_surrogate(Py_UCS4 x) {
  return x >= 0xd800 && x <= 0xdfff;
}

size_t utf8_size(Py_UCS4 x) {
  return x < 0x80 ? 1 : x < 0x800 ? 2 : x < 0x10000 ? 3 : 4;
}

char* put_utf8(char* to, Py_UCS4 x) {
  auto size = utf8_size(x);
  if (size == 1) {
    *to = static_cast<char>(x);
    return to + 1;
  }
  for (auto i = size; i-- > 1; x >>= 6)
    to[i] = static_cast<char>(0x80 | (x & 0x3f));
  *to = static_cast<char>((0xf00 >> size & 0xff) | x);
  return to + size;
}

/// @returns nothing where a lone surrogate is among the characters
template <class Character>
std::optional<std::string> encode(std::span<const Character> text) {
  size_t size = 0;
  for (auto x : text) {
    if (is_surrogate(x))
      return std::nullopt;
    size += utf8_size(x);
  }
  std::string result;
  result.resize_and_overwrite(size, [&](char* to, size_t) {
    for (auto x : text)
      to = put_utf8(to, x);
    return size;
  });
  return result;
}

std::optional<std::string> encode_any(PyObject* str) {
  auto size = static_cast<size_t>(PyUnicode_GET_LENGTH(str));
  switch (PyUnicode_KIND(str)) {
    case PyUnicode_1BYTE_KIND:
      return encode(std::span<const Py_UCS1>{PyUnicode_1BYTE_DATA(str), size});
    case PyUnicode_2BYTE_KIND:
      return encode(std::span<const Py_UCS2>{PyUnicode_2BYTE_DATA(str), size});
    default:
      return encode(std::span<const Py_UCS4>{PyUnicode_4BYTE_DATA(str), size});
  }
}

unexpected refuse_surrogate(PyObject* str) {
  auto position = Py_ssize_t{0};
  while (!is_surrogate(PyUnicode_READ_CHAR(str, position)))
    ++position;
  return refuse("str has a lone surrogate at index " + std::to_string(position)
                + ", which UTF-8 cannot hold; pass x.encode('utf-8', "
                  "'surrogatepass')");
}

} // namespace

expected<std::string> utf8_of(PyObject* str) {
  if (auto ascii = ascii_view(str); ascii.data())
    return std::string{ascii};
  if (auto text = encode_any(str))
    return *std::move(text);
  return refuse_surrogate(str);
}

expected<object_ref> make_str(attach_scope& py, std::string_view text) {
  auto* str = PyUnicode_DecodeUTF8(
    text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
  if (str)
    return object_ref::steal(str);
  if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
    return std::unexpected{raised(py)};
  PyErr_Clear();
  return refuse("text is not UTF-8 from byte "
                + std::to_string(valid_utf8_prefix(text))
                + " on; pass it as bytes");
}

} // namespace pyactor::capi
