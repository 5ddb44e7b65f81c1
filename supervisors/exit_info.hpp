#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What ended an incarnation.
enum class exit_kind : uint8_t {
  /// It ended of its own accord and without complaint; also by `sys.exit()`.
  normal,
  /// It was asked to shut down, or said so itself, perhaps with a detail.
  shutdown,
  /// It failed: an error, or an exception that left a handler.
  error,
  /// It was killed.
  killed,
  /// Its last handle was dropped.
  unreachable,
  /// It ended, or reported an error, before it was ready.
  start_failed,
  /// It did not become ready in time.
  start_timeout,
  /// A call of Python code took longer than it may. It ended with that, or was
  /// given up with its context.
  hung,
  /// Its interpreter was given up because of somebody else's call, or ended.
  interpreter_lost,
  /// It did not end although it was killed, and was perhaps given up with its
  /// context.
  abandoned,
  /// It was a supervisor that had exceeded its restart intensity.
  give_up,
  /// It was killed for what its liveness probe said.
  liveness_failed,
  /// A call of Python code was interrupted, because it was in the way of a
  /// stop.
  interrupted,
  /// The process that it lived in has exited: `code` says with what. There are
  /// no contexts in processes of their own yet, so that nothing reports this or
  /// the next two.
  host_exit,
  /// A signal has ended that process: `signal` says which.
  host_signal,
  /// That process does not answer any more.
  host_lost,
};

/// What an exit means for the restart decision.
enum class exit_class : uint8_t {
  /// Its work is done: only a permanent child is started again.
  normal,
  /// It was told to end, or said so itself; judged as `normal`.
  shutdown,
  /// It failed: all but a temporary child are started again.
  abnormal,
  /// Abnormal, and no restart would mend it: not even a permanent child is
  /// started again. Only `child_spec::classify` says so.
  fatal,
};

/// How exits are classified.
struct exit_rules {
  /// Whether a supervisor that gave up counts as failed, so that a transient
  /// one comes back. OTP says no: there the subtree vanishes. Where this is
  /// off, the supervisor itself ends with `user_shutdown` then, as one that was
  /// told to, and says why in the text.
  bool give_up_is_failure = true;
};

/// Which Python exception ended an incarnation.
struct exception_info {
  /// Qualified type, for example `builtins.ValueError` or `model.BadInput`.
  std::string type{};
  /// Qualified names of its base classes, nearest first.
  std::vector<std::string> bases{};
  /// What it followed from, by `raise ... from` or while that was handled,
  /// nearest first; these have no causes of their own.
  std::vector<exception_info> causes{};
  /// Of a `SystemExit`: what the process would have ended with.
  std::optional<int> exit_code{};

  /// @returns whether `except name` would have caught it
  /// @param name  a qualified type, for example `builtins.OSError`
  [[nodiscard]] bool is_a(std::string_view name) const noexcept;
};

/// How an incarnation ended; plain data, safe on every thread.
struct exit_info {
  /// What ended it.
  exit_kind kind = exit_kind::normal;
  /// What that means for a restart.
  exit_class cls = exit_class::normal;
  /// The error's code within its category.
  int code = 0;
  /// The error's category, for example `system` or `pyactor`.
  std::string type{};
  /// The rendered reason, of a Python exception with its traceback; or empty.
  std::string message{};
  /// Which incarnation ended.
  uint64_t incarnation = 0;
  /// Set if it was a Python exception.
  std::optional<exception_info> exception{};
  /// Of `host_signal`: the signal.
  int signal = 0;
  /// Of `host_exit`, `host_signal` and `host_lost`: which incarnation of that
  /// process; the same for all children that ended with it.
  uint64_t host_incarnation = 0;
};

/// Decides what an exit means for a restart; `cls` of what it is given is what
/// it means by default. Runs on the supervisor's thread and must not block.
using classify_fn = std::function<exit_class(const exit_info&)>;

/// @param kind what ended the incarnation
/// @param rules whether a supervisor that gave up counts as failed
/// @returns the class of such an exit
[[nodiscard]] exit_class classify(exit_kind kind,
                                  const exit_rules& rules) noexcept;

/// @param how       it ended
/// @param is_killed whether its supervisor has killed it for that
/// @returns whether `how` is an end that a child may come to when it is being
///          stopped; anything else deserves a report
[[nodiscard]] bool is_orderly_stop(const exit_info& how,
                                   bool is_killed) noexcept;

/// @param kind a number that is none of them is `unknown`
/// @returns the enumerator's name
[[nodiscard]] std::string_view to_string(exit_kind kind) noexcept;

/// @param cls a number that is none of them is `unknown`
/// @returns the enumerator's name
[[nodiscard]] std::string_view to_string(exit_class cls) noexcept;

/// @param how it ended
/// @returns one line: kind, and the first line of the message, or its first 500
///          bytes
[[nodiscard]] std::string to_string(const exit_info& how);

} // namespace supervisors
} // namespace pyactor
