#pragma once

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/libpyactor/conversion/nesting.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>
#include <pyactor/libpyactor/source.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace PYACTOR_EXPORT pyactor {

/// One globals dict with `__builtins__` and `__name__ == "__main__"`, owned by
/// one interpreter.
///
/// Isolation is of namespaces: modules are the interpreter's, the working
/// directory the process's. Every method gives `wrong_interpreter` where `py`
/// is attached to another interpreter than the one that owns the environment,
/// and `environment_lost` after `release`. No exception is set when one
/// returns.
/// @thread its interpreter's, but for the destructor: one that runs elsewhere
///         queues the release to the interpreter's thread
class environment {
public:
  /// @param py attached to the interpreter that is to own it
  /// @throws std::bad_alloc where Python is out of memory
  explicit environment(attach_scope& py);

  /// Leaves an environment behind that is as one after `release`.
  environment(environment&&) noexcept;
  /// Releases what it held, as the destructor does.
  /// @returns this environment
  environment& operator=(environment&&) noexcept;

  /// Releases at once where the calling thread is attached to the owner, else
  /// queues the release. An exception that was set stays set.
  ~environment();

  /// Runs statements; globals and locals are this environment's dict.
  /// @param py attached to the owner
  /// @param code statements, and the file name for tracebacks
  /// @returns `python_exception`, `syntax_error`, `invalid_source`, or
  ///          `invalid_argument`: the file name holds a NUL byte
  expected<void> exec(attach_scope& py, const source& code);

  /// Evaluates one expression in this environment's dict. The expression, and
  /// what it nests, sees `names` before the environment's own.
  /// @tparam T what to convert the result to, see conversion.hpp; `void` drops
  ///           it
  /// @param py attached to the owner
  /// @param expression with the file name for tracebacks; blanks may come first
  /// @param names identifiers, each one once
  /// @returns as `exec`, or
  ///          - `not_convertible`
  ///          - `invalid_argument`: of `names`, one is no identifier or comes
  ///            twice
  template <class T = value>
  expected<T> eval(attach_scope& py, const source& expression,
                   const overlay& names = {});

  /// Calls a callable by name: `f` or `counter.increment` from the environment
  /// (then the builtins), `module:function` from a module that is imported on
  /// demand.
  /// @param py attached to the owner
  /// @param function its name
  /// @param args positional; each has a `converter`
  /// @returns `not_found`, `not_callable`, `python_exception`,
  ///          `not_convertible`, or `invalid_argument`: the name is malformed,
  ///          for example `a..b`
  template <class T = value, class... Ts>
  expected<T> call(attach_scope& py, std::string_view function,
                   const Ts&... args);

  /// `call` with arguments that are values already, positional and keyword.
  /// @param py attached to the owner
  /// @param function its name, as for `call`
  /// @param args by position and by keyword
  /// @returns as `call`; `invalid_argument` also where a keyword is not UTF-8,
  ///          or comes twice
  template <class T = value>
  expected<T> apply(attach_scope& py, std::string_view function,
                    const arguments& args);

  /// Binds a name of the environment.
  /// @param py attached to the owner
  /// @param name a global's; any text, though only identifiers can be written
  ///             in code
  /// @param x what it stands for, copied
  /// @returns `not_convertible`: the value has no form in Python, or
  ///          `python_exception`: no memory, or the name is not UTF-8
  expected<void> set(attach_scope& py, std::string_view name, const value& x);

  /// Frees what the environment holds, in two steps, because `__del__` methods
  /// need their globals: first what is not a function, class, module or
  /// constant (a number, text), newest first; then the dict, with the next
  /// collection if functions or cycles hold it. Idempotent.
  /// @param py where it is attached to another interpreter, the release is
  ///           queued, as by the destructor
  void release(attach_scope& py) noexcept;

  /// @returns whether `release` was called, or the environment moved from
  [[nodiscard]] bool released() const noexcept;

  // -- for code that includes <Python.h> or builds on libpyactor --------------

  /// The steps behind `eval`, `call` and `apply`; the result is any object.
  /// @param py attached to the owner
  /// @param expression as for `eval`
  /// @param names as for `eval`
  /// @returns as `eval`, but for the conversion
  expected<object_ref> eval_object(attach_scope& py, const source& expression,
                                   const overlay& names = {});
  /// @param py attached to the owner
  /// @param function its name, as for `call`; what has it need not be callable
  /// @returns what `call` calls, or as `call`
  expected<object_ref> lookup(attach_scope& py, std::string_view function);
  /// @param py attached to the owner
  /// @param function its name, as for `call`
  /// @param args by position and by keyword
  /// @returns as `apply`, but for the conversion of the result
  expected<object_ref> apply_object(attach_scope& py, std::string_view function,
                                    const arguments& args);

  /// `set` for any object.
  /// @param py attached to the owner
  /// @param name as for `set`
  /// @param x an object of the owner; not a reference to nothing
  /// @returns `python_exception`: no memory, or the name is not UTF-8
  expected<void> set_object(attach_scope& py, std::string_view name,
                            const object_ref& x);

  /// @returns the globals dict, borrowed; null after `release`
  [[nodiscard]] _object* globals() const noexcept;

private:
  expected<void> check(attach_scope& py) const;

  /// @param args strong references of the caller's; the slot in front of the
  ///             first is the callee's to use
  expected<object_ref> call_object(attach_scope& py, std::string_view function,
                                   _object* const* args, size_t count);

  template <class T>
  static expected<T> finish(attach_scope& py, expected<object_ref>&& result);

  struct state;
  std::unique_ptr<state> state_;
};

template <class T>
expected<T> environment::finish(attach_scope& py,
                                expected<object_ref>&& result) {
  if (!result)
    return unexpected{std::move(result).error()};
  if constexpr (std::is_void_v<T>)
    return {};
  else if constexpr (std::same_as<T, object_ref>)
    return *std::move(result);
  else {
    // The caller may run amid a conversion.
    nesting::fresh_root root;
    return converter<T>::from_python(py, result->get());
  }
}

template <class T>
expected<T> environment::eval(attach_scope& py, const source& expression,
                              const overlay& names) {
  return finish<T>(py, eval_object(py, expression, names));
}

template <class T, class... Ts>
expected<T> environment::call(attach_scope& py, std::string_view function,
                              const Ts&... args) {
  std::array<object_ref, sizeof...(Ts)> items;
  std::array<_object*, sizeof...(Ts) + 1> slots{};
  std::optional<error> failure;
  size_t count = 0;
  [[maybe_unused]] auto convert = [&](const auto& x) {
    auto item = to_python(py, x);
    if (!item) {
      failure = std::move(item).error();
      return false;
    }
    items[count] = *std::move(item);
    slots[count + 1] = items[count].get();
    ++count;
    return true;
  };
  if (!(convert(args) && ...))
    return unexpected{*std::move(failure)};
  return finish<T>(py, call_object(py, function, slots.data() + 1, count));
}

template <class T>
expected<T> environment::apply(attach_scope& py, std::string_view function,
                               const arguments& args) {
  return finish<T>(py, apply_object(py, function, args));
}

} // namespace pyactor
