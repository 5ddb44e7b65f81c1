#include <Python.h>

#include <pyactor/libpyactor/capi/source/compile.hpp>

#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/source/snippet.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/utf8.hpp>

#include <algorithm>

namespace pyactor::capi {

namespace {

/// Makes a function of an expression by way of its syntax tree, so that lines
/// and columns stay those of the text. No call takes one generator alone: for
/// want of memory CPython 3.14 crashes where it compiles that.
constexpr auto function_maker = R"(
import _ast

def run(text, file, names, flags):
    tree = compile(text, file, "eval", flags | _ast.PyCF_ONLY_AST, True)
    place = dict(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
    parameters = _ast.arguments(
        posonlyargs=[], args=[_ast.arg(arg=x, **place) for x in names],
        kwonlyargs=[], kw_defaults=[], defaults=[])
    tree.body = _ast.Lambda(args=parameters, body=tree.body, **place)
    code = compile(tree, file, "eval", flags, True)
    code = [x for x in code.co_consts if hasattr(x, "co_code")][0]
    if code.co_flags & 0x2a0:
        raise SyntaxError("'yield' outside function", (file, 1, None, None))
    return code.replace(co_name="<module>", co_qualname="<module>")
)";

std::string shown_file(const object_ref& file) {
  return text_of(file.get());
}

expected<void> check_text(const compile_request& what, const object_ref& file) {
  auto nul = what.text.find('\0');
  if (nul != std::string_view::npos)
    return fail(errc::invalid_source,
                shown_file(file) + ": byte " + std::to_string(nul) + " is NUL");
  auto valid = valid_utf8_prefix(what.text);
  if (valid != what.text.size())
    return fail(errc::invalid_source,
                shown_file(file) + ": byte " + std::to_string(valid)
                  + " is not UTF-8; save the source as UTF-8");
  return {};
}

bool is_identifier(const std::string& name) {
  auto text = make_text(name);
  if (!text)
    PyErr_Clear();
  return text && PyUnicode_IsIdentifier(text.get()) == 1;
}

expected<void> check_names(const overlay& names) {
  for (auto i = names.begin(); i != names.end(); ++i) {
    auto same = [&](const auto& x) { return x.first == i->first; };
    if (!is_identifier(i->first))
      return fail(errc::invalid_argument,
                  "overlay name '" + i->first + "' is not an identifier");
    if (std::any_of(names.begin(), i, same))
      return fail(errc::invalid_argument,
                  "overlay name '" + i->first + "' is given twice");
  }
  return {};
}

/// @returns line `number`, the first is 1, without its end
std::string_view line_of(std::string_view text, size_t number) {
  while (number > 1 && !text.empty()) {
    auto end = text.find('\n');
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    --number;
  }
  auto line = text.substr(0, text.find('\n'));
  auto first = line.find_first_not_of(" \t\f");
  if (first == line.npos)
    return {};
  line.remove_prefix(first);
  return line.substr(0, line.find_last_not_of(" \t\r") + 1);
}

/// @returns the attribute, or 0 where it is no positive number
size_t number_of(PyObject* exception, const char* name) {
  auto x = attribute(exception, name);
  auto number = x && PyLong_Check(x.get()) ? PyLong_AsLong(x.get()) : 0;
  PyErr_Clear();
  return number > 0 ? static_cast<size_t>(number) : 0;
}

/// `model.py, line 3, column 7: invalid syntax: x = = 1`
std::string syntax_message(PyObject* exception, const compile_request& what,
                           const object_ref& file) {
  auto line = number_of(exception, "lineno");
  auto column = number_of(exception, "offset");
  auto reason = attribute(exception, "msg");
  PyErr_Clear();
  auto result = shown_file(file);
  if (line)
    result += ", line " + std::to_string(line);
  if (line && column)
    result += ", column " + std::to_string(column);
  result += ": " + text_of(reason.get());
  if (auto text = line_of(what.text, line); line && !text.empty())
    result += ": " + std::string{text};
  return result;
}

error fetch_compile_error(attach_scope& py, const compile_request& what,
                          const object_ref& file) {
  auto exception = object_ref::steal(PyErr_GetRaisedException());
  if (!exception)
    return fetch_error(py);
  // Frames of ours tell the user nothing.
  PyException_SetTraceback(exception.get(), Py_None);
  auto result = describe_exception(py, exception.get());
  if (PyObject_TypeCheck(exception.get(),
                         reinterpret_cast<PyTypeObject*>(PyExc_SyntaxError))) {
    result.code = errc::syntax_error;
    result.message = syntax_message(exception.get(), what, file);
  }
  return result;
}

object_ref compile_plain(const compile_request& what, const object_ref& file) {
  // The compiler wants a NUL at the end.
  std::string text{what.text};
  PyCompilerFlags flags{.cf_flags
                        = PyCF_SOURCE_IS_UTF8 | PyCF_IGNORE_COOKIE | what.flags,
                        .cf_feature_version = PY_MINOR_VERSION};
  auto start
    = what.mode == compile_mode::statements ? Py_file_input : Py_eval_input;
  return object_ref::steal(
    Py_CompileStringObject(text.c_str(), file.get(), start, &flags, -1));
}

object_ref compile_function(const compile_request& what,
                            const object_ref& file) {
  auto maker = make_snippet(function_maker);
  auto text = make_text(what.text);
  auto count = static_cast<Py_ssize_t>(what.names->size());
  auto names = object_ref::steal(PyTuple_New(count));
  if (!maker || !text || !names)
    return {};
  for (Py_ssize_t i = 0; i < count; ++i) {
    auto name = make_name((*what.names)[static_cast<size_t>(i)].first);
    if (!name)
      return {};
    PyTuple_SET_ITEM(names.get(), i, name.release());
  }
  return object_ref::steal(PyObject_CallFunction(
    maker.get(), "OOOi", text.get(), file.get(), names.get(), what.flags));
}

/// Drops what may come before a text: a byte order mark, and before an
/// expression white space, as Python's own `eval` does.
std::string_view trimmed(const compile_request& what) {
  auto text = what.text;
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);
  if (what.mode == compile_mode::expression)
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

} // namespace

expected<object_ref> compile(attach_scope& py, const compile_request& what,
                             const object_ref& file) {
  if (auto ok = check_text(what, file); !ok)
    return unexpected{std::move(ok).error()};
  auto request = what;
  request.text = trimmed(what);
  object_ref code;
  if (what.names) {
    if (auto ok = check_names(*what.names); !ok)
      return unexpected{std::move(ok).error()};
    code = compile_function(request, file);
  } else {
    code = compile_plain(request, file);
  }
  if (!code)
    return unexpected{fetch_compile_error(py, request, file)};
  return code;
}

} // namespace pyactor::capi
