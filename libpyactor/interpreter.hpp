#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace PYACTOR_EXPORT pyactor {

/// Which CPython interpreter a thread runs.
enum class interpreter_kind : uint8_t {
  /// The main interpreter: every extension module works; all threads that
  /// open it share its GIL.
  main,
  /// A subinterpreter with a GIL of its own: runs in parallel; CPython 3.14 or
  /// newer; no extension module that keeps process-wide state, numpy for one.
  own_gil,
};

/// @param kind of an interpreter, or of a pool
/// @returns `main` or `own_gil`
/// @thread any
[[nodiscard]] std::string_view to_string(interpreter_kind kind) noexcept;

/// Bounds of one interpreter.
struct interpreter_limits {
  /// Nesting of a value that crosses the border; at most `value::max_depth`.
  size_t nesting_depth = 200;
  /// Elements of all containers in such a value. What is reached in two ways
  /// counts twice, as it is copied twice.
  size_t value_elements = 10'000'000;
  /// Compiled texts kept, least recently used go first.
  size_t code_cache_entries = 512;
};

/// What an interpreter tells about itself.
/// @thread any
struct interpreter_stats {
  /// Not yet released, those included whose release waits.
  uint64_t live_environments = 0;
  /// Released since the interpreter was opened.
  uint64_t released_environments = 0;
  /// References and environments that wait to be released.
  uint64_t pending_releases = 0;
};

/// A CPython interpreter as one OS thread runs it: the thread's own thread
/// state, code cache and release queue.
///
/// Threads that open the main interpreter share its modules and its GIL, and
/// nothing of what is here. An own-GIL interpreter has one thread, ours, beside
/// the threads that its Python code starts.
/// @thread the one that opened it, destructor included, but for what says
///         otherwise
class interpreter {
public:
  /// Opens the main interpreter for the calling thread.
  /// @param python CPython, not finalized before the result has gone
  /// @param limits of the calling thread's interpreter, not of other threads'
  /// @returns the interpreter, detached, or `start_failed`
  [[nodiscard]] static expected<std::unique_ptr<interpreter>>
  open_main(main_interpreter& python, interpreter_limits limits = {});

  /// Creates a subinterpreter with its own GIL, on the calling thread.
  /// @param python CPython, not finalized before the result has gone
  /// @param limits of the new interpreter
  /// @returns the interpreter, detached, or
  ///          - `unsupported`: CPython is older than 3.14
  ///          - `invalid_argument`: the venv is none any more
  ///          - `start_failed`
  [[nodiscard]] static expected<std::unique_ptr<interpreter>>
  start_own_gil(main_interpreter& python, interpreter_limits limits = {});

  interpreter(const interpreter&) = delete;
  interpreter& operator=(const interpreter&) = delete;

  /// Drains the releases, then ends the subinterpreter, or gives the thread
  /// state of the main interpreter back. Blocks while other Python threads run
  /// in a subinterpreter.
  /// @pre detached
  ~interpreter();

  /// @returns whether it shares its GIL
  /// @thread any
  [[nodiscard]] interpreter_kind kind() const noexcept;

  /// @returns CPython's id of the interpreter: 0 is the main one
  [[nodiscard]] int64_t id() const noexcept;

  /// @returns what it was opened with
  /// @thread any
  [[nodiscard]] const interpreter_limits& limits() const noexcept;

  /// @returns its figures, each as of some moment of the call
  /// @thread any
  [[nodiscard]] interpreter_stats stats() const noexcept;

  /// Releases what other threads have queued: references, and environments in
  /// the order of their death.
  /// @param py attached to this interpreter
  /// @returns how many there were
  size_t drain_releases(attach_scope& py) noexcept;

  /// Has this interpreter's thread woken for releases. Set once, before the
  /// interpreter is shared.
  /// @param wake called on any thread, whenever something is queued for release
  ///             and the thread may be asleep; may be empty
  void on_release_queued(std::function<void()> wake);

  /// Collects cyclic garbage, also where Python code has called `gc.disable`.
  /// @param py attached to this interpreter
  void collect_garbage(attach_scope& py) noexcept;

  /// Flushes `sys.stdout` and `sys.stderr`; what they raise is dropped, as at
  /// Python's own exit.
  /// @param py attached to this interpreter
  void flush_output(attach_scope& py) noexcept;

  /// Gives up on ending this interpreter: its thread state and all that it
  /// holds leak, on purpose, because code that does not return still uses it.
  /// The destructor then touches nothing.
  /// @thread any, once nothing else uses this object
  void abandon() noexcept;

  /// @param py attached to this interpreter
  /// @returns the names of the Python threads, other than this one, that would
  ///          keep the end of this interpreter waiting
  [[nodiscard]] std::vector<std::string> running_threads(attach_scope& py);

  /// @param py attached to this interpreter
  /// @returns the id of the thread, of those that run here, that began last.
  ///          Each has an id of its own, greater than those of all before it
  [[nodiscard]] uint64_t newest_thread(attach_scope& py) const noexcept;

  /// @param py attached to this interpreter
  /// @returns the ids of the threads that run here, but for this one
  [[nodiscard]] std::vector<uint64_t> thread_ids(attach_scope& py) const;

  /// @param py attached to this interpreter
  /// @param ids as `thread_ids` has given them before
  /// @returns the names of those of them that still run
  [[nodiscard]] std::vector<std::string>
  thread_names(attach_scope& py, const std::vector<uint64_t>& ids) const;

  struct state;

  /// @returns what libpyactor's own sources need
  [[nodiscard]] state& internals() noexcept {
    return *state_;
  }

private:
  explicit interpreter(std::unique_ptr<state> impl) noexcept;

  std::unique_ptr<state> state_;
};

} // namespace pyactor
