#pragma once

#include <pyactor/libpyactor/capi/cpp_function.hpp>
#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace PYACTOR_EXPORT pyactor {
namespace detail {

template <class T>
inline constexpr bool is_expected = false;

template <class T>
inline constexpr bool is_expected<expected<T>> = true;

/// @returns the Python form of what `call` gives
template <class F>
expected<object_ref> result_of(attach_scope& py, F&& call) {
  using result = std::remove_cvref_t<decltype(call())>;
  if constexpr (std::is_void_v<result>) {
    call();
    return to_python(py, value{});
  } else if constexpr (is_expected<result>) {
    auto x = call();
    if (!x)
      return unexpected{std::move(x).error()};
    return result_of(py, [&] { return *std::move(x); });
  } else {
    return to_python(py, call());
  }
}

/// @returns `f` as Python calls it
template <class R, class... Ts>
capi::cpp_function as_cpp_function(std::string_view name,
                                   std::function<R(Ts...)> f) {
  auto body = [f = std::move(f)](attach_scope& py, _object* const* args) {
    auto call = [&]<size_t... I>(std::index_sequence<I...>) {
      std::tuple<std::optional<std::remove_cvref_t<Ts>>...> values;
      std::optional<error> failure;
      [[maybe_unused]] auto read = [&]<class T>(size_t i, std::optional<T>& x) {
        auto converted = converter<T>::from_python(py, args[i]);
        if (converted)
          x = *std::move(converted);
        else
          failure = at_step(std::move(converted).error(), index_step(i));
        return converted.has_value();
      };
      if (!(read(I, std::get<I>(values)) && ...))
        return expected<object_ref>{unexpected{*std::move(failure)}};
      return result_of(py,
                       [&] { return f(*std::move(std::get<I>(values))...); });
    };
    return call(std::index_sequence_for<Ts...>{});
  };
  return {std::string{name}, sizeof...(Ts), std::move(body)};
}

} // namespace detail

/// Binds a name of `env` to a C++ function, so that Python code can call it.
///
///     define(py, env, "price", [](const order& x) { return x.count * 1.5; });
///
/// Python passes positional arguments, which become the parameters as
/// conversion.hpp says; what the function returns, a value, an `expected` or
/// nothing, becomes the call's result. What it throws is raised in Python as a
/// `RuntimeError` whose class has the name of the C++ type, `shop.out_of_stock`
/// for `shop::out_of_stock`, with the text of `what()`; uncaught there, both
/// come back in the `error`. `std::bad_alloc` becomes a `MemoryError`.
/// Arguments that do not convert, and errors that the function returns, are
/// raised as `TypeError`, `ValueError`, `LookupError` or `RuntimeError`, by
/// their code.
///
/// The function is any callable that `std::function` deduces: not overloaded,
/// no template, copyable. It lives as long as Python refers to it, so what it
/// captures must too.
/// @param py attached to the interpreter that owns `env`
/// @param env where it becomes a global
/// @param name the global's, and the function's own in messages
/// @param function what is called; copied into the function object
/// @returns `wrong_interpreter` or `environment_lost`, as `environment` does,
///          or `python_exception`: no memory, or the name is not UTF-8
/// @thread the environment's, where the function is called and destroyed too;
///         a thread that Python code has started gets a `RuntimeError`
template <class F>
expected<void> define(attach_scope& py, environment& env, std::string_view name,
                      F function) {
  auto object = capi::make_function(
    py, detail::as_cpp_function(name, std::function{std::move(function)}));
  if (!object)
    return unexpected{std::move(object).error()};
  return env.set_object(py, name, *object);
}

} // namespace pyactor
