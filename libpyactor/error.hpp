#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <cstdint>
#include <exception>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {

/// What went wrong, by what the caller can do about it.
enum class errc : uint8_t {
  /// Python code raised; type, message, traceback and causes are filled in.
  python_exception = 1,
  /// The source text does not compile; the message has file, line and column.
  syntax_error,
  /// The source text holds a NUL byte or is not UTF-8.
  invalid_source,
  /// A value has no exact form on the other side; the message has path and
  /// remedy.
  not_convertible,
  /// No such module, attribute, function or method.
  not_found,
  /// What was named exists but cannot be called.
  not_callable,
  /// An argument of the call is wrong; fix the call.
  invalid_argument,
  /// An environment was used in an interpreter that does not own it.
  wrong_interpreter,
  /// The environment was released, or its owner died; start afresh.
  environment_lost,
  /// The interpreter or its context has ended.
  interpreter_lost,
  /// This CPython or this kind of context cannot do it; use another.
  unsupported,
  /// The actor answered `pyactor.Reject`; it lives on.
  rejected,
  /// The actor ended before it had answered.
  reply_lost,
  /// The receiver is dead.
  actor_dead,
  /// Something of this name or id exists already.
  already_exists,
  /// Python or a context could not start.
  start_failed,
  /// A deadline passed.
  timed_out,
  /// The call was interrupted on behalf of a stop.
  interrupted,
  /// The call ran for longer than it may, and was interrupted or given up.
  hung,
  /// The call did not come back from a stop, and was given up with its context.
  abandoned,
  /// Python code raised `pyactor.StartIgnored`, because there is nothing for it
  /// to start. Whoever awaits the start goes on without it: that is no failure,
  /// and nothing is tried again.
  start_ignored,
};

/// @param code a number that is none of them is `unknown`
/// @returns the enumerator's name, for example `python_exception`
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// One link of a Python exception's chain, nearest first.
struct exception_cause {
  /// Qualified type, for example `builtins.ValueError` or `model.BadInput`.
  std::string type;
  /// What `str` makes of the exception.
  std::string message;
  /// True for `raise ... from cause`, false for an exception that was being
  /// handled when the next one was raised.
  bool is_explicit = false;
  /// As in `error`.
  std::vector<std::string> bases = {};

  friend bool operator==(const exception_cause&, const exception_cause&)
    = default;
};

/// A failure as plain data: no Python object and no frame lives on in it.
/// @thread any; copies are independent
struct error {
  /// What the caller can do about it.
  errc code = errc::python_exception;
  /// For a person: what happened, where, what to do about it.
  std::string message = {};
  /// Qualified type of the Python exception; empty where there was none.
  std::string type = {};
  /// Python's own formatted traceback, with the source's lines; may be empty.
  std::string traceback = {};
  /// Of a Python exception, nearest first; at most 32.
  std::vector<exception_cause> causes = {};
  /// Qualified names of the base classes of `type` in the order of its MRO,
  /// `builtins.object` left out; at most 32.
  std::vector<std::string> bases = {};
  /// Of a `SystemExit`: what the process would have ended with, had it left the
  /// main program. 0 for `sys.exit()`.
  std::optional<int> exit_code = {};

  friend bool operator==(const error&, const error&) = default;
};

/// @param what of its traceback and causes nothing is shown
/// @returns one line: the exception's type and message, or the message
[[nodiscard]] std::string to_string(const error& what);

/// A result, or why there is none.
template <class T>
using expected = std::expected<T, error>;

/// An error on its way into an `expected`.
using unexpected = std::unexpected<error>;

/// @param code what the caller can do about it
/// @param message for a person: what happened, where, what to do about it
/// @returns an unexpected `error` of this code and message
[[nodiscard]] unexpected fail(errc code, std::string message);

/// The throwing form of `error`, for code that lets a failure end its actor.
/// @thread any; copies are independent
class python_error : public std::exception {
public:
  /// Throws what a function has returned.
  /// @param what the failure, kept whole
  explicit python_error(error what);

  /// @returns `to_string` of the error; lives as long as this object
  [[nodiscard]] const char* what() const noexcept override;

  /// @returns the error itself
  [[nodiscard]] const error& info() const noexcept {
    return info_;
  }

private:
  error info_;
  std::string text_;
};

/// @param x what a function has returned; its value is moved out
/// @returns the value in `x`
/// @throws python_error with the error in `x`
template <class T>
T value_or_throw(expected<T>&& x) {
  if (!x)
    throw python_error{std::move(x).error()};
  if constexpr (!std::is_void_v<T>)
    return std::move(*x);
}

} // namespace pyactor
