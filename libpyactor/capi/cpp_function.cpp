#include <Python.h>

#include <pyactor/libpyactor/capi/cpp_function.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/from_python.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/module/message_arguments.hpp>
#include <pyactor/libpyactor/capi/module/module_state.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/text.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>

namespace pyactor::capi {

namespace {

/// What the function object's `self` holds, a capsule.
template <class Function>
struct target {
  Function what;
  PyMethodDef method;
};

constexpr char capsule_name[] = "pyactor.cpp_function";

template <class Function>
target<Function>* target_of(PyObject* capsule) noexcept {
  return static_cast<target<Function>*>(
    PyCapsule_GetPointer(capsule, capsule_name));
}

template <class Function>
void drop(PyObject* capsule) {
  delete target_of<Function>(capsule);
}

/// @returns `shop.out_of_stock` for `shop::out_of_stock`
std::string python_name(const std::type_info& type) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text{
    abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free};
  std::string result;
  for (std::string_view rest = text ? text.get() : type.name();
       !rest.empty();) {
    auto is_scope = rest.starts_with("::");
    result += is_scope ? '.' : rest.front();
    rest.remove_prefix(is_scope ? 2 : 1);
  }
  // An exception's name has a module.
  return result.find('.') == std::string::npos ? "cpp." + result : result;
}

/// @returns the exception of that name, the same one each time, or null with an
///          exception set
object_ref exception_named(const std::string& name) {
  auto* state = current_module_state();
  auto key = make_text(name);
  if (!state || !key)
    return object_ref::borrow(PyExc_RuntimeError);
  if (auto* known = PyDict_GetItemWithError(state->cpp_exceptions, key.get()))
    return object_ref::borrow(known);
  auto made = object_ref::steal(
    PyErr_NewException(name.c_str(), PyExc_RuntimeError, nullptr));
  if (made && PyDict_SetItem(state->cpp_exceptions, key.get(), made.get()) != 0)
    return {};
  return made;
}

/// @returns null
PyObject* raise_named(const std::string& name, std::string_view text) {
  auto type = exception_named(name);
  auto message = make_text(text);
  if (type && message)
    PyErr_SetObject(type.get(), message.get());
  return nullptr;
}

/// @returns null
PyObject* raise_result(const error& what) {
  if (auto* state = current_module_state())
    return raise_error(*state, what);
  PyErr_SetString(PyExc_RuntimeError, what.message.c_str());
  return nullptr;
}

/// Runs `body` and raises what it throws.
template <class F>
PyObject* raising(F&& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  } catch (const std::exception& thrown) {
    return raise_named(python_name(typeid(thrown)), thrown.what());
  } catch (...) {
    const auto* type = abi::__cxa_current_exception_type();
    return raise_named(type ? python_name(*type) : "cpp.unknown",
                       "a C++ exception that is not a std::exception");
  }
}

/// @returns false with an exception set
template <class Function>
bool takes(const Function& what, Py_ssize_t count) {
  if (static_cast<size_t>(count) == what.parameter_count)
    return true;
  PyErr_Format(PyExc_TypeError, "%s() takes %zu arguments, but %zd came",
               what.name.c_str(), what.parameter_count, count);
  return false;
}

PyObject* call(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  return guarded([&]() -> PyObject* {
    const auto& what = target_of<cpp_function>(self)->what;
    auto* here = attached_interpreter();
    if (!here) {
      PyErr_Format(PyExc_RuntimeError,
                   "%s: a C++ function cannot be called on a thread that "
                   "Python code has started",
                   what.name.c_str());
      return nullptr;
    }
    if (!takes(what, count))
      return nullptr;
    return raising([&]() -> PyObject* {
      attach_scope py{*here->self};
      auto result = what.body(py, args);
      return result ? result->release() : raise_result(result.error());
    });
  });
}

// -- on any thread ------------------------------------------------------------

/// What the body of an `any_thread_function` came to.
struct outcome {
  expected<std::optional<std::string>> result;
  std::exception_ptr thrown;
};

/// @returns false with an exception set
bool read_values(const any_thread_function& what, PyObject* const* items,
                 Py_ssize_t count, std::vector<value>& result) noexcept {
  return guarded([&]() -> PyObject* {
           if (!takes(what, count))
             return nullptr;
           const auto* state = current_module_state();
           if (!state) {
             PyErr_SetString(PyExc_RuntimeError, "the interpreter has ended");
             return nullptr;
           }
           for (Py_ssize_t i = 0; i < count; ++i) {
             auto read = from_python(items[i], limits_here(*state));
             if (!read)
               return raise_error(*state,
                                  at_step(std::move(read).error(),
                                          index_step(static_cast<size_t>(i))));
             result.push_back(*std::move(read));
           }
           return Py_True; // borrowed: only a sign
         })
         != nullptr;
}

outcome run(const any_thread_function& what,
            const std::vector<value>& args) noexcept {
  try {
    return {what.body(args), nullptr};
  } catch (...) {
    return {std::nullopt, std::current_exception()};
  }
}

outcome run_detached(const any_thread_function& what,
                     const std::vector<value>& args) {
  if (auto* here = attached_interpreter()) {
    attach_scope py{*here->self};
    detach_scope released{py};
    return run(what, args);
  }
  auto* thread = PyEval_SaveThread();
  auto result = run(what, args);
  // When Python ends, CPython before 3.14 ends a daemon thread here, by
  // unwinding its stack: no caller of this is noexcept, and none catches.
  PyEval_RestoreThread(thread);
  return result;
}

PyObject* give(const outcome& what) noexcept {
  return guarded([&] {
    return raising([&]() -> PyObject* {
      if (what.thrown)
        std::rethrow_exception(what.thrown);
      if (!what.result)
        return raise_result(what.result.error());
      if (!*what.result)
        return Py_NewRef(Py_None);
      return make_text(**what.result).release();
    });
  });
}

PyObject* call_anywhere(PyObject* self, PyObject* const* items,
                        Py_ssize_t count) {
  const auto& what = target_of<any_thread_function>(self)->what;
  std::vector<value> args;
  if (!read_values(what, items, count, args))
    return nullptr;
  return give(run_detached(what, args));
}

/// @param call what the function object calls
template <class Function, class Call>
expected<object_ref> make(attach_scope& py, Function what, Call* call) {
  auto owned
    = std::make_unique<target<Function>>(std::move(what), PyMethodDef{});
  owned->method
    = {owned->what.name.c_str(),
       reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call)),
       METH_FASTCALL, nullptr};
  auto capsule
    = take(py, PyCapsule_New(owned.get(), capsule_name, drop<Function>));
  if (!capsule)
    return capsule;
  // From here on the capsule's; the function keeps that until it is gone.
  auto* method = &owned.release()->method;
  return take(py, PyCFunction_New(method, capsule->get()));
}

} // namespace

expected<object_ref> make_function(attach_scope& py, cpp_function what) {
  return make(py, std::move(what), call);
}

expected<object_ref> make_function(attach_scope& py, any_thread_function what) {
  return make(py, std::move(what), call_anywhere);
}

} // namespace pyactor::capi
