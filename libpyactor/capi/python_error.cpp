#include <Python.h>

#include <pyactor/libpyactor/capi/python_error.hpp>

#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/capi/traceback_text.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <algorithm>
#include <climits>
#include <cstring>
#include <optional>
#include <string_view>

namespace pyactor::capi {

namespace {

/// Longer chains are cut.
constexpr size_t max_causes = 32;
constexpr Py_ssize_t max_bases = 32;

std::string attribute_text(PyObject* object, const char* name) {
  auto found = attribute(object, name);
  if (!found)
    PyErr_Clear();
  return text_of(found.get());
}

std::string qualified_name(PyTypeObject* type) {
  // As `type.__module__` and `type.__qualname__` find it, without the lookups.
  if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE))
    return std::strchr(type->tp_name, '.')
             ? std::string{type->tp_name}
             : std::string{"builtins."} + type->tp_name;
  auto* object = reinterpret_cast<PyObject*>(type);
  auto name = attribute_text(object, "__qualname__");
  if (name.empty())
    name = type->tp_name;
  auto module = attribute_text(object, "__module__");
  return module.empty() ? name : module + "." + name;
}

/// @returns the base classes of an exception's type, nearest first
std::vector<std::string> bases_of(PyObject* exception) {
  // Held: to look a name up may run code, and that may change the bases.
  auto mro = object_ref::borrow(Py_TYPE(exception)->tp_mro);
  std::vector<std::string> result;
  if (!mro || !PyTuple_Check(mro.get()))
    return result;
  auto size = std::min(PyTuple_GET_SIZE(mro.get()), max_bases + 2);
  result.reserve(static_cast<size_t>(size));
  for (Py_ssize_t i = 1; i < size; ++i) {
    auto* base = PyTuple_GET_ITEM(mro.get(), i);
    if (base != reinterpret_cast<PyObject*>(&PyBaseObject_Type)
        && PyType_Check(base))
      result.push_back(qualified_name(reinterpret_cast<PyTypeObject*>(base)));
  }
  if (result.size() > static_cast<size_t>(max_bases))
    result.pop_back();
  return result;
}

/// @returns what CPython would make of a `SystemExit`; none for all others
std::optional<int> exit_code_of(PyObject* exception) {
  if (!PyObject_TypeCheck(exception,
                          reinterpret_cast<PyTypeObject*>(PyExc_SystemExit)))
    return std::nullopt;
  auto code = attribute(exception, "code");
  if (!code)
    PyErr_Clear();
  if (code.get() == Py_None)
    return 0;
  if (!code || !PyLong_Check(code.get()))
    return 1; // a text, for example, which CPython would print
  auto overflow = 0;
  auto number = PyLong_AsLongAndOverflow(code.get(), &overflow);
  if (overflow != 0 || number < INT_MIN || number > INT_MAX)
    return -1;
  return static_cast<int>(number);
}

std::string message_of(PyObject* exception) {
  auto text = object_ref::steal(PyObject_Str(exception));
  if (text)
    return text_of(text.get());
  PyErr_Clear();
  return "<" + qualified_type(exception) + " cannot be printed>";
}

/// @returns what the exception followed from, or null
object_ref next_cause(PyObject* exception, bool& is_explicit) {
  auto cause = object_ref::steal(PyException_GetCause(exception));
  is_explicit = static_cast<bool>(cause);
  if (cause
      || reinterpret_cast<PyBaseExceptionObject*>(exception)->suppress_context)
    return cause;
  return object_ref::steal(PyException_GetContext(exception));
}

std::vector<exception_cause> causes_of(PyObject* exception) {
  std::vector<exception_cause> result;
  std::vector<object_ref> seen{object_ref::borrow(exception)};
  auto is_new = [&](const object_ref& x) {
    return std::ranges::none_of(
      seen, [&](auto& other) { return other.get() == x.get(); });
  };
  auto is_explicit = false;
  auto cause = next_cause(exception, is_explicit);
  while (cause && is_new(cause) && result.size() < max_causes) {
    result.push_back({.type = qualified_type(cause.get()),
                      .message = message_of(cause.get()),
                      .is_explicit = is_explicit,
                      .bases = bases_of(cause.get())});
    seen.push_back(cause);
    cause = next_cause(cause.get(), is_explicit);
  }
  return result;
}

/// What a failed import of an extension module means here.
std::string_view import_hint(std::string_view text) {
  if (text.contains("does not support loading in subinterpreters"))
    return "; this library cannot be loaded in an own_gil context: use a pool "
           "of kind main";
  if (text.contains("cannot load module more than once per process"))
    return "; an earlier Python of this process had loaded it, and libraries "
           "like it load once per process: do not start Python a second time, "
           "or use a process of its own";
  return {};
}

void add_import_hint(error& what) {
  auto hint = import_hint(what.message);
  for (const auto& cause : what.causes)
    if (hint.empty())
      hint = import_hint(cause.message);
  // numpy's own text ends with empty lines.
  while (!hint.empty() && what.message.ends_with('\n'))
    what.message.pop_back();
  what.message += hint;
}

} // namespace

std::string qualified_type(PyObject* exception) {
  return qualified_name(Py_TYPE(exception));
}

error describe_exception(attach_scope&, PyObject* exception) {
  error result;
  result.code = errc::python_exception;
  result.type = qualified_type(exception);
  result.message = message_of(exception);
  result.causes = causes_of(exception);
  result.bases = bases_of(exception);
  result.exit_code = exit_code_of(exception);
  result.traceback = traceback_text(exception);
  if (PyObject_TypeCheck(exception,
                         reinterpret_cast<PyTypeObject*>(PyExc_ImportError)))
    add_import_hint(result);
  // No room for Python's own: two lines are better than none.
  if (result.traceback.empty())
    result.traceback = to_string(result) + "\n";
  return result;
}

error fetch_error(attach_scope& py) {
  auto exception = object_ref::steal(PyErr_GetRaisedException());
  if (!exception) {
    error result;
    result.code = errc::python_exception;
    result.type = "builtins.SystemError";
    result.message = "a function failed without setting an exception";
    return result;
  }
  return describe_exception(py, exception.get());
}

} // namespace pyactor::capi
