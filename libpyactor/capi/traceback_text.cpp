#include <Python.h>

#include <pyactor/libpyactor/capi/traceback_text.hpp>

#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace pyactor::capi {

namespace {

/// Where a frame was, by lines and by bytes in them; -1 where it is not known.
struct place {
  int line = -1;
  int column = -1;
  int last_line = -1;
  int last_column = -1;
};

/// @param line  without the blanks around it
/// @returns whether a `raise` fills this line: Python shows no columns then
bool is_raise(const std::string& line, const place& at) {
  return line.starts_with("raise ") && at.line == at.last_line && at.column >= 0
         && at.last_column - at.column == std::ssize(line);
}

// -- without Python's own module ----------------------------------------------

/// @returns whether nothing follows its type and its text, nor comes before it
bool is_plain(PyObject* exception) {
  for (auto* type : {PyExc_AttributeError, PyExc_BaseExceptionGroup,
                     PyExc_ImportError, PyExc_NameError, PyExc_SyntaxError})
    if (PyObject_TypeCheck(exception, reinterpret_cast<PyTypeObject*>(type)))
      return false;
  auto is_alone
    = reinterpret_cast<PyBaseExceptionObject*>(exception)->suppress_context;
  auto cause = object_ref::steal(PyException_GetCause(exception));
  auto context = object_ref::steal(PyException_GetContext(exception));
  if (cause || (context && !is_alone))
    return false;
  auto notes = make_name("__notes__");
  return notes && !PyObject_HasAttr(exception, notes.get());
}

/// Appends the last line.
/// @post an exception may be set
bool add_exception(std::string& to, PyObject* exception) {
  auto* type = reinterpret_cast<PyObject*>(Py_TYPE(exception));
  auto module = attribute(type, "__module__");
  auto name = attribute(type, "__qualname__");
  auto message = object_ref::steal(PyObject_Str(exception));
  if (!module || !PyUnicode_Check(module.get()) || !name || !message)
    return false;
  auto prefix = text_of(module.get());
  if (prefix != "builtins" && prefix != "__main__")
    to += prefix + '.';
  to += text_of(name.get());
  if (PyUnicode_GET_LENGTH(message.get()) > 0)
    to += ": " + text_of(message.get());
  to += '\n';
  return true;
}

/// @returns a line as Python's own module finds it, without blanks around it;
///          empty where there is none
/// @post an exception may be set
std::string source_line(PyFrameObject* frame, PyObject* file, int number) {
  auto cache = object_ref::steal(PyImport_ImportModule("linecache"));
  auto globals = object_ref::steal(PyFrame_GetGlobals(frame));
  auto names = std::array{make_name("lazycache"), make_name("getline")};
  auto line = object_ref::steal(PyLong_FromLong(number));
  if (!cache || !globals || !names[0] || !names[1] || !line)
    return {};
  auto is_lazy = object_ref::steal(PyObject_CallMethodObjArgs(
    cache.get(), names[0].get(), file, globals.get(), nullptr));
  auto checked
    = is_lazy ? call_method(cache.get(), "checkcache", file) : object_ref{};
  auto text = object_ref::steal(
    checked ? PyObject_CallMethodObjArgs(cache.get(), names[1].get(), file,
                                         line.get(), nullptr)
            : nullptr);
  auto stripped = text ? call_method(text.get(), "strip") : object_ref{};
  return text_of(stripped.get());
}

/// What Python itself would print of a `raise` in the very function that was
/// called. Its own module would say the same, but takes 25 ms to import, and
/// several times as long for each.
/// @returns none for all other exceptions, or for want of memory
/// @post an exception may be set
std::optional<std::string> text_of_raise(PyObject* exception) {
  auto traceback = object_ref::steal(PyException_GetTraceback(exception));
  if (!traceback || !PyTraceBack_Check(traceback.get()) || !is_plain(exception)
      || PySys_GetObject("tracebacklimit"))
    return std::nullopt;
  auto* entry = reinterpret_cast<PyTracebackObject*>(traceback.get());
  if (entry->tb_next)
    return std::nullopt;
  auto held = object_ref::steal(
    reinterpret_cast<PyObject*>(PyFrame_GetCode(entry->tb_frame)));
  auto* code = reinterpret_cast<PyCodeObject*>(held.get());
  place at;
  if (!PyCode_Addr2Location(code, entry->tb_lasti, &at.line, &at.column,
                            &at.last_line, &at.last_column))
    return std::nullopt;
  auto file = text_of(code->co_filename);
  auto line = source_line(entry->tb_frame, code->co_filename, at.line);
  if (file.starts_with("<stdin") || !is_raise(line, at))
    return std::nullopt;
  auto result = "Traceback (most recent call last):\n  File \"" + file
                + "\", line " + std::to_string(at.line) + ", in "
                + text_of(code->co_name) + "\n    " + line + '\n';
  return add_exception(result, exception) ? std::optional{std::move(result)}
                                          : std::nullopt;
}

// -- by Python's own module ---------------------------------------------------

/// @returns -1 where the frame does not know it
int position(PyObject* frame, const char* name) {
  auto number = attribute(frame, name);
  if (number && PyLong_Check(number.get()))
    return static_cast<int>(PyLong_AsLong(number.get()));
  PyErr_Clear();
  return -1;
}

/// Whether a frame is at a `raise` that fills its line.
/// @post an exception may be set
bool raises(PyObject* frame) {
  auto line = attribute(frame, "line");
  return is_raise(text_of(line.get()),
                  {.line = position(frame, "lineno"),
                   .column = position(frame, "colno"),
                   .last_line = position(frame, "end_lineno"),
                   .last_column = position(frame, "end_colno")});
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
  auto raised = text_of_raise(exception);
  PyErr_Clear();
  if (raised)
    return *std::move(raised);
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
