#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/function.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace PYACTOR_EXPORT pyactor {

/// A Python module that a library adds to the package `pyactor` of each
/// interpreter: `pyactor.NAME`. What its `__all__` lists are names of `pyactor`
/// as well. It runs right after the package itself, so that it may import it.
/// @thread any; copies are independent
struct extension {
  /// Of the module, without `pyactor.`.
  std::string name;
  /// Its source text.
  std::string text;
  /// Globals of the module by the time its text runs.
  std::vector<capi::cpp_function> functions = {};
  /// The same for what waits, or is called on threads that Python code has
  /// started.
  std::vector<capi::any_thread_function> any_thread_functions = {};

  /// Adds a function, as `pyactor::define` does to an environment. It is called
  /// and destroyed on the threads of all interpreters.
  /// @param function_name a global of the module
  /// @param function any callable that `pyactor::define` takes
  template <class F>
  void define(std::string_view function_name, F function) {
    functions.push_back(detail::as_cpp_function(
      function_name, std::function{std::move(function)}));
  }
};

} // namespace pyactor
