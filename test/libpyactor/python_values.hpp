#pragma once

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

namespace pyactor::test {

/// An environment in which a test makes Python objects and converts them.
class python_values {
public:
  explicit python_values(attach_scope& py) : py_(py), env_(py) {
  }

  ~python_values() {
    env_.release(py_);
  }

  void exec(std::string_view text) {
    auto done = env_.exec(py_, source{text});
    if (!done)
      FAIL(done.error().traceback + done.error().message);
  }

  object_ref object(std::string_view expression) {
    auto result = env_.eval_object(py_, source{expression});
    if (!result)
      FAIL(result.error().traceback + result.error().message);
    return *std::move(result);
  }

  /// The object as plain data or as a `T`.
  template <class T = value>
  T read(std::string_view expression) {
    auto result = from_python<T>(py_, object(expression).get());
    if (!result)
      FAIL(result.error().message);
    return *std::move(result);
  }

  /// @returns the message with which the conversion to a `T` is refused
  template <class T = value>
  std::string refusal(std::string_view expression) {
    auto result = from_python<T>(py_, object(expression).get());
    if (result)
      return "converted";
    CHECK(result.error().code == errc::not_convertible);
    return result.error().message;
  }

  /// Binds `name` to the Python object of `x`.
  template <class T>
  void bind(const std::string& name, const T& x) {
    auto made = to_python(py_, x);
    if (!made)
      FAIL(made.error().message);
    exec("def bind(name, object): globals()[name] = object");
    REQUIRE(env_.call(py_, "bind", name, *made));
  }

  /// @returns the message with which the conversion to Python is refused
  template <class T>
  std::string refusal_of(const T& x) {
    auto made = to_python(py_, x);
    if (made)
      return "converted";
    CHECK(made.error().code == errc::not_convertible);
    return made.error().message;
  }

  attach_scope& py() noexcept {
    return py_;
  }

private:
  attach_scope& py_;
  environment env_;
};

} // namespace pyactor::test
