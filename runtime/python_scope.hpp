#pragma once

#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/fwd.hpp>

#include <string_view>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// A pinned actor's Python, for the length of one handler. Each operation but
/// `set` exists twice: the plain form throws `python_error`, which, uncaught,
/// ends the actor with that error; the `try_` form returns it. Beside the
/// errors that each names, what runs Python code fails with
/// - `hung`: it took longer than the actor's `max_handler_time`, and was
///   interrupted
/// - `interrupted`: it was in the way of a stop
/// @thread the context's, within the handler that got it
class python_scope {
public:
  /// @param home of the actor; outlives this, as the others do
  /// @param py what proves that its thread is attached
  /// @param env of the actor
  /// @pre `py` is attached to the interpreter of `home` and of `env`
  python_scope(context& home, attach_scope& py, environment& env) noexcept
    : home_(home), py_(py), env_(env) {
  }

  /// Runs statements. See environment::exec.
  /// @param code statements, and the file name for tracebacks
  void exec(const source& code) {
    value_or_throw(try_exec(code));
  }

  /// `exec`, its failure returned.
  /// @param code as for `exec`
  /// @returns as `environment::exec`
  expected<void> try_exec(const source& code);

  /// Evaluates one expression. See environment::eval.
  /// @param expression with the file name for tracebacks
  /// @param names seen by the expression before the environment's own
  /// @returns what it gives as a `T`; `void` drops that
  template <class T = value>
  T eval(const source& expression, const overlay& names = {}) {
    return value_or_throw(try_eval<T>(expression, names));
  }

  /// `eval`, its failure returned.
  /// @param expression as for `eval`
  /// @param names as for `eval`
  /// @returns as `environment::eval`
  template <class T = value>
  expected<T> try_eval(const source& expression, const overlay& names = {});

  /// Calls a function by name. See environment::call.
  /// @param function its name, as `environment::call` takes it
  /// @param args positional; each has a `converter`
  /// @returns what it returned as a `T`; `void` drops that
  template <class T = value, class... Ts>
  T call(std::string_view function, const Ts&... args) {
    return value_or_throw(try_call<T>(function, args...));
  }

  /// `call`, its failure returned.
  /// @param function as for `call`
  /// @param args as for `call`
  /// @returns as `environment::call`
  template <class T = value, class... Ts>
  expected<T> try_call(std::string_view function, const Ts&... args);

  /// `call` with positional and keyword arguments that are values already.
  /// @param function as for `call`
  /// @param args by position and by keyword
  /// @returns as `call`
  template <class T = value>
  T apply(std::string_view function, const arguments& args) {
    return value_or_throw(try_apply<T>(function, args));
  }

  /// `apply`, its failure returned.
  /// @param function as for `call`
  /// @param args as for `apply`
  /// @returns as `environment::apply`
  template <class T = value>
  expected<T> try_apply(std::string_view function, const arguments& args);

  /// Binds a name.
  /// @param name a global's of the actor's environment
  /// @param x what it stands for, copied
  void set(std::string_view name, const value& x);

  /// @returns what libpyactor's own interface asks for, `converter` and
  ///          `capi/python.hpp` included
  [[nodiscard]] attach_scope& attached() const noexcept {
    return py_;
  }

  /// @returns the actor's own environment
  [[nodiscard]] pyactor::environment& environment() const noexcept {
    return env_;
  }

private:
  context& home_;
  attach_scope& py_;
  pyactor::environment& env_;
};

template <class T>
expected<T> python_scope::try_eval(const source& expression,
                                   const overlay& names) {
  return home_.python().run(
    [&] { return env_.eval<T>(py_, expression, names); });
}

template <class T, class... Ts>
expected<T> python_scope::try_call(std::string_view function,
                                   const Ts&... args) {
  return home_.python().run(
    [&] { return env_.call<T>(py_, function, args...); });
}

template <class T>
expected<T> python_scope::try_apply(std::string_view function,
                                    const arguments& args) {
  return home_.python().run([&] { return env_.apply<T>(py_, function, args); });
}

} // namespace runtime
} // namespace pyactor
