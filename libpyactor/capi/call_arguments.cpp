#include <Python.h>

#include <pyactor/libpyactor/capi/call_arguments.hpp>

#include <pyactor/libpyactor/capi/argument_stack.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/to_python.hpp>

#include <vector>

namespace pyactor::capi {

expected<object_ref> call_with(attach_scope& py, const object_ref& callee,
                               const arguments& args) {
  argument_stack stack;
  if (auto ok = stack.fill(py, nullptr, args); !ok)
    return unexpected{std::move(ok).error()};
  return take(py, PyObject_Vectorcall(callee.get(), stack.items(),
                                      stack.positional(), stack.names()));
}

expected<object_ref> run_function(attach_scope& py, const object_ref& code,
                                  const object_ref& globals,
                                  const overlay& names) {
  std::vector<object_ref> items;
  std::vector<PyObject*> slots;
  items.reserve(names.size());
  slots.reserve(names.size());
  for (const auto& [name, x] : names) {
    auto item = to_python(py, x);
    if (!item)
      return item;
    items.push_back(*std::move(item));
    slots.push_back(items.back().get());
  }
  auto function = take(py, PyFunction_New(code.get(), globals.get()));
  if (!function)
    return function;
  return take(py, PyObject_Vectorcall(function->get(), slots.data(),
                                      slots.size(), nullptr));
}

} // namespace pyactor::capi
