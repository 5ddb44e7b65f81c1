#include <Python.h>

#include <pyactor/libpyactor/capi/traceback_text.hpp>

#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <optional>

namespace pyactor::capi {

namespace {

/// @returns none where the frame does not know it
std::optional<Py_ssize_t> position(PyObject* frame, const char* name) {
  auto number = attribute(frame, name);
  if (!number || number.get() == Py_None)
    return std::nullopt;
  auto result = PyLong_AsSsize_t(number.get());
  if (PyErr_Occurred())
    return std::nullopt;
  return result;
}

/// Whether a frame is at a `raise` that fills its line.
/// @post an exception may be set
bool raises(PyObject* frame) {
  auto line = attribute(frame, "line");
  auto text = text_of(line.get());
  if (!text.starts_with("raise "))
    return false;
  auto first = position(frame, "lineno");
  auto last = position(frame, "end_lineno");
  auto from = position(frame, "colno");
  auto to = position(frame, "end_colno");
  return first && from && to && first == last
         && *to - *from == static_cast<Py_ssize_t>(text.size());
}

/// Drops the columns of the frame that raised where Python would show none: it
/// parses the line twice to find that out, which takes longer than all the
/// rest.
/// @post an exception may be set
void spare_parsing(PyObject* summary) {
  auto stack = attribute(summary, "stack");
  auto frame
    = object_ref::steal(stack ? PySequence_GetItem(stack.get(), -1) : nullptr);
  if (frame && raises(frame.get())
      && set_attribute(frame.get(), "colno", Py_None))
    set_attribute(frame.get(), "end_colno", Py_None);
}

object_ref summary_of(PyObject* exception) {
  auto module = object_ref::steal(PyImport_ImportModule("traceback"));
  if (!module)
    return {};
  auto type = attribute(module.get(), "TracebackException");
  return type ? call_method(type.get(), "from_exception", exception)
              : object_ref{};
}

} // namespace

std::string traceback_text(PyObject* exception) {
  auto summary = summary_of(exception);
  if (summary) {
    spare_parsing(summary.get());
    PyErr_Clear();
  }
  auto lines = summary ? call_method(summary.get(), "format") : object_ref{};
  auto empty = make_text("");
  auto text = object_ref::steal(
    lines && empty ? PyUnicode_Join(empty.get(), lines.get()) : nullptr);
  PyErr_Clear();
  return text_of(text.get());
}

} // namespace pyactor::capi
