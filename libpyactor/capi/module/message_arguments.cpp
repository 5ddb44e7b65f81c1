#include <Python.h>

#include <pyactor/libpyactor/capi/module/message_arguments.hpp>

#include <pyactor/libpyactor/capi/from_python.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/host.hpp>

#include <string>
#include <utility>

namespace pyactor::capi {

namespace {

/// @returns `argument 2` or `argument 'by'`
std::string argument_name(Py_ssize_t index, PyObject* names,
                          Py_ssize_t positional) {
  if (index < positional)
    return "argument " + std::to_string(index + 1);
  const auto* text
    = PyUnicode_AsUTF8(PyTuple_GET_ITEM(names, index - positional));
  if (text)
    return "argument '" + std::string{text} + "'";
  PyErr_Clear();
  return "an argument";
}

} // namespace

const interpreter_limits& limits_here(const module_state& state) noexcept {
  auto* here = attached_interpreter();
  return here ? here->limits : state.limits;
}

std::string_view read_str(PyObject* text, const char* what) {
  if (!PyUnicode_Check(text)) {
    PyErr_Format(PyExc_TypeError, "%s must be a str, not %.200s", what,
                 Py_TYPE(text)->tp_name);
    return {};
  }
  Py_ssize_t size = 0;
  const auto* data = PyUnicode_AsUTF8AndSize(text, &size);
  return data ? std::string_view{data, static_cast<size_t>(size)}
              : std::string_view{};
}

std::string_view read_method(PyObject* name) {
  auto result = read_str(name, "the name of a method");
  if (!result.data())
    return {};
  if (result.empty()) {
    PyErr_SetString(PyExc_ValueError, "the name of a method is empty");
    return {};
  }
  if (result.front() == '_') {
    PyErr_Format(PyExc_ValueError,
                 "method %R is private: names with a leading underscore cannot "
                 "be called from outside",
                 name);
    return {};
  }
  return result;
}

bool read_arguments(const module_state& state, vectorcall call,
                    arguments& result) {
  const auto& limits = limits_here(state);
  auto named = call.names ? PyTuple_GET_SIZE(call.names) : 0;
  result.positional.reserve(static_cast<size_t>(call.positional));
  result.keyword.reserve(static_cast<size_t>(named));
  for (Py_ssize_t i = 0; i < call.positional + named; ++i) {
    auto converted = from_python(call.items[i], limits);
    if (!converted) {
      auto what = std::move(converted).error();
      what.message
        = argument_name(i, call.names, call.positional) + ": " + what.message;
      raise_error(state, what);
      return false;
    }
    if (i < call.positional) {
      result.positional.push_back(std::move(*converted));
      continue;
    }
    auto name = read_str(PyTuple_GET_ITEM(call.names, i - call.positional),
                         "the name of an argument");
    if (!name.data())
      return false;
    result.keyword.emplace_back(name, std::move(*converted));
  }
  return true;
}

PyObject* send_message(const module_state& state, const actor_ref& receiver,
                       vectorcall call) {
  auto method = read_method(call.items[0]);
  arguments args;
  if (!method.data() || !read_arguments(state, call.skip(1), args))
    return nullptr;
  if (auto sent = receiver.send(method, std::move(args)); !sent)
    return raise_error(state, sent.error());
  Py_RETURN_NONE;
}

} // namespace pyactor::capi
