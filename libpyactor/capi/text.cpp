#include <Python.h>

#include <pyactor/libpyactor/capi/text.hpp>

namespace pyactor::capi {

std::string text_of(PyObject* object) {
  if (!object || !PyUnicode_Check(object))
    return {};
  auto bytes = object_ref::steal(
    PyUnicode_AsEncodedString(object, "utf-8", "backslashreplace"));
  if (!bytes) {
    PyErr_Clear();
    return {};
  }
  return {PyBytes_AS_STRING(bytes.get()),
          static_cast<size_t>(PyBytes_GET_SIZE(bytes.get()))};
}

std::string str_of(PyObject* object) {
  auto text = object_ref::steal(PyObject_Str(object));
  if (!text)
    PyErr_Clear();
  return text_of(text.get());
}

object_ref make_text(std::string_view text) {
  return object_ref::steal(PyUnicode_DecodeUTF8(
    text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape"));
}

object_ref make_name(std::string_view text) {
  auto* name = make_text(text).release();
  if (name)
    PyUnicode_InternInPlace(&name);
  return object_ref::steal(name);
}

} // namespace pyactor::capi
