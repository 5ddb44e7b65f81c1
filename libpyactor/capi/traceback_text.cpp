#include <Python.h>

#include <pyactor/libpyactor/capi/traceback_text.hpp>

#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Where a function returns nothing, an exception may be set.

namespace pyactor::capi {

namespace {

/// A line that a `raise` or a `pass` fills, which is where code that computes
/// is interrupted. Python marks no columns in such a line, but parses it twice
/// to find that out.
struct unmarked_line {
  object_ref code;
  int number = 0;
  std::string text;
};

/// Whether Python takes `text` for more lines than one, some of the time.
bool breaks_lines(std::string_view text) {
  using namespace std::string_view_literals;
  return text.find_first_of("\v\f\r\x1c\x1d\x1e"sv) != text.npos
         || std::ranges::any_of(
           std::array{"\xc2\x85"sv, "\xe2\x80\xa8"sv, "\xe2\x80\xa9"sv},
           [&](auto mark) { return text.contains(mark); });
}

/// Appends a whole `str`.
bool add(std::string& to, PyObject* text) {
  if (!text || !PyUnicode_Check(text))
    return false;
  auto bytes = text_of(text);
  if (bytes.empty() && PyUnicode_GET_LENGTH(text) > 0)
    return false;
  to += bytes;
  return true;
}

/// @returns a line of a file as Python's own module finds it, or null
object_ref source_line(PyFrameObject* frame, PyObject* file, int number) {
  auto cache = object_ref::steal(PyImport_ImportModule("linecache"));
  auto globals = object_ref::steal(cache ? PyFrame_GetGlobals(frame) : nullptr);
  auto is_lazy = globals
                   ? call_method(cache.get(), "lazycache", file, globals.get())
                   : object_ref{};
  auto checked
    = is_lazy ? call_method(cache.get(), "checkcache", file) : object_ref{};
  auto line = object_ref::steal(checked ? PyLong_FromLong(number) : nullptr);
  return line ? call_method(cache.get(), "getline", file, line.get())
              : object_ref{};
}

/// @returns the line where a frame was left, if it is one of those
std::optional<unmarked_line> unmarked_line_of(PyTracebackObject* entry) {
  unmarked_line result;
  result.code = object_ref::steal(
    reinterpret_cast<PyObject*>(PyFrame_GetCode(entry->tb_frame)));
  auto* code = reinterpret_cast<PyCodeObject*>(result.code.get());
  int column = -1;
  int last_line = -1;
  int last_column = -1;
  if (!PyCode_Addr2Location(code, entry->tb_lasti, &result.number, &column,
                            &last_line, &last_column)
      || result.number < 1 || last_line != result.number || column < 0)
    return std::nullopt;
  auto line = source_line(entry->tb_frame, code->co_filename, result.number);
  std::string text;
  if (!add(text, line.get()) || breaks_lines(text))
    return std::nullopt;
  auto first = text.find_first_not_of(" \t");
  auto last = text.find_last_not_of(" \t\n");
  // The file may be another one by now.
  if (first != static_cast<size_t>(column)
      || last + 1 != static_cast<size_t>(last_column))
    return std::nullopt;
  result.text = text.substr(first, last + 1 - first);
  if (!result.text.starts_with("raise ") && result.text != "pass")
    return std::nullopt;
  return result;
}

/// @returns whether Python shows an exception by its type and its text alone
bool is_plain(PyObject* exception) {
  for (auto* type : {PyExc_AttributeError, PyExc_BaseExceptionGroup,
                     PyExc_ImportError, PyExc_NameError, PyExc_SyntaxError})
    if (PyObject_TypeCheck(exception, reinterpret_cast<PyTypeObject*>(type)))
      return false;
  if (attribute(exception, "__cause__").get() != Py_None)
    return false;
  auto context = attribute(exception, "__context__");
  if (!context)
    return false;
  if (context.get() != Py_None
      && attribute(exception, "__suppress_context__").get() != Py_True)
    return false;
  if (attribute(exception, "__notes__")
      || !PyErr_ExceptionMatches(PyExc_AttributeError))
    return false;
  PyErr_Clear();
  return true;
}

/// Appends the line of an exception's type and text.
bool add_exception(std::string& to, PyObject* exception) {
  auto* type = reinterpret_cast<PyObject*>(Py_TYPE(exception));
  auto module = attribute(type, "__module__");
  std::string prefix;
  if (!add(prefix, module.get()))
    return false;
  if (prefix != "builtins" && prefix != "__main__")
    to += prefix + '.';
  auto name = attribute(type, "__qualname__");
  if (!add(to, name.get()))
    return false;
  auto message = object_ref::steal(PyObject_Str(exception));
  if (message && PyUnicode_GET_LENGTH(message.get()) > 0)
    to += ": ";
  if (!add(to, message.get()))
    return false;
  to += '\n';
  return true;
}

/// Appends what Python shows of the one frame of a traceback.
bool add_frame(std::string& to, const unmarked_line& line) {
  auto* code = reinterpret_cast<PyCodeObject*>(line.code.get());
  std::string file;
  if (PySys_GetObject("tracebacklimit") || !add(file, code->co_filename)
      || file.starts_with("<stdin"))
    return false;
  to += "Traceback (most recent call last):\n  File \"" + file + "\", line "
        + std::to_string(line.number) + ", in ";
  if (!add(to, code->co_name))
    return false;
  to += "\n    " + line.text + '\n';
  return true;
}

/// What Python itself would print of an exception that left the very function
/// that was called, or came before it ran. Its own module would say the same,
/// but takes 25 ms to import, and several times as long for each.
/// @param line  where that function was left; null where none ran
std::optional<std::string> own_text(PyObject* exception,
                                    const unmarked_line* line) {
  std::string result;
  if (!is_plain(exception) || (line && !add_frame(result, *line))
      || !add_exception(result, exception))
    return std::nullopt;
  return result;
}

/// Has Python mark no columns in the frame that raised.
void spare_parsing(PyObject* summary) {
  auto stack = attribute(summary, "stack");
  auto frame
    = object_ref::steal(stack ? PySequence_GetItem(stack.get(), -1) : nullptr);
  if (frame && set_attribute(frame.get(), "colno", Py_None))
    set_attribute(frame.get(), "end_colno", Py_None);
}

/// @param last  where the last frame was left, if Python marks nothing there
object_ref summary_of(PyObject* exception,
                      const std::optional<unmarked_line>& last) {
  auto module = object_ref::steal(PyImport_ImportModule("traceback"));
  auto type
    = module ? attribute(module.get(), "TracebackException") : object_ref{};
  auto result = type ? call_method(type.get(), "from_exception", exception)
                     : object_ref{};
  // With a limit its last frame is another one.
  if (result && last && !PySys_GetObject("tracebacklimit")) {
    spare_parsing(result.get());
    PyErr_Clear();
  }
  return result;
}

} // namespace

std::string traceback_text(PyObject* exception) {
  std::optional<unmarked_line> left_at;
  std::optional<std::string> own;
  auto traceback = attribute(exception, "__traceback__");
  if (traceback && PyTraceBack_Check(traceback.get())) {
    auto* first = reinterpret_cast<PyTracebackObject*>(traceback.get());
    auto* last = first;
    while (last->tb_next)
      last = last->tb_next;
    left_at = unmarked_line_of(last);
    if (left_at && last == first)
      own = own_text(exception, &*left_at);
  } else if (traceback.get() == Py_None) {
    own = own_text(exception, nullptr);
  }
  PyErr_Clear();
  if (own)
    return *std::move(own);
  auto summary = summary_of(exception, left_at);
  auto lines = summary ? call_method(summary.get(), "format") : object_ref{};
  auto empty = lines ? make_text("") : object_ref{};
  auto text = object_ref::steal(empty ? PyUnicode_Join(empty.get(), lines.get())
                                      : nullptr);
  PyErr_Clear();
  return text_of(text.get());
}

} // namespace pyactor::capi
