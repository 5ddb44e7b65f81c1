#include <Python.h>

#include <pyactor/libpyactor/capi/argument_stack.hpp>

#include <pyactor/libpyactor/capi/to_python.hpp>

#include <string>
#include <utility>

namespace pyactor::capi {

namespace {

unexpected in_argument(const std::string& name, error what) {
  what.message = "argument " + name + ": " + what.message;
  return unexpected{std::move(what)};
}

} // namespace

argument_stack::~argument_stack() {
  for (auto i = first_owned_; i < end_; ++i)
    Py_DECREF(slots_[i]);
}

expected<void> argument_stack::fill(attach_scope& py, PyObject* self,
                                    const arguments& args) {
  auto count = args.positional.size() + args.keyword.size();
  if (count + 2 > small_size) {
    large_ = std::make_unique<PyObject*[]>(count + 2);
    slots_ = large_.get();
  }
  if (self) {
    slots_[end_++] = self;
    first_owned_ = end_;
  }
  for (size_t i = 0; i < args.positional.size(); ++i)
    if (auto done = push(py, args.positional[i]); !done)
      return in_argument(std::to_string(i + 1), std::move(done).error());
  positional_ = end_ - 1;
  for (const auto& [name, x] : args.keyword)
    if (auto done = push(py, x); !done)
      return in_argument("'" + name + "'", std::move(done).error());
  if (!args.keyword.empty())
    return fill_names(args);
  return {};
}

expected<void> argument_stack::push(attach_scope& py, const value& x) {
  auto object = to_python(py, x);
  if (!object)
    return unexpected{std::move(object).error()};
  slots_[end_++] = object->release();
  return {};
}

expected<void> argument_stack::fill_names(const arguments& args) {
  auto count = args.keyword.size();
  names_ = object_ref::steal(PyTuple_New(static_cast<Py_ssize_t>(count)));
  for (size_t i = 0; names_ && i < count; ++i) {
    const auto& name = args.keyword[i].first;
    for (size_t j = 0; j < i; ++j)
      if (args.keyword[j].first == name)
        return fail(errc::invalid_argument,
                    "argument '" + name + "' is passed twice");
    auto* text = PyUnicode_DecodeUTF8(
      name.data(), static_cast<Py_ssize_t>(name.size()), nullptr);
    if (!text) {
      PyErr_Clear();
      return fail(errc::invalid_argument,
                  "the name of an argument is not UTF-8: " + name);
    }
    PyTuple_SET_ITEM(names_.get(), static_cast<Py_ssize_t>(i), text);
  }
  if (names_)
    return {};
  PyErr_Clear();
  return fail(errc::invalid_argument, "no memory for the names of arguments");
}

} // namespace pyactor::capi
