#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/extension.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/fwd.hpp>
#include <pyactor/runtime/routing_policy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// @file
/// @thread any; functions here share nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// One named pool of contexts.
struct pool_options {
  /// What its contexts run; `own_gil` needs CPython 3.14 or newer.
  interpreter_kind kind = interpreter_kind::main;
  /// Number of contexts, at least 1.
  size_t size = 1;
  /// How it picks the context of a new actor.
  routing_policy policy = routing_policy::scheduler_id;
  /// Python source, run in every new environment of the pool before anything
  /// else; may be empty.
  std::string preload = {};
  /// How long one message to an actor of the pool may take, once the actor has
  /// started, and a request to its contexts: Python code that takes longer is
  /// interrupted; 0 for any time. An actor may choose another limit.
  std::chrono::nanoseconds max_handler_time{0};
  /// Stack of the contexts' threads; 0 takes the system's default.
  size_t stack_size_bytes = 0;
  /// Threads that BLAS and OpenMP libraries may start; 0 leaves it to them.
  /// Such libraries know one number for the process, so pools that set it must
  /// agree.
  size_t blas_threads = 0;
};

/// What follows when the GIL that all contexts of kind `main` share cannot be
/// had for long, because code in C keeps it: no Python code of theirs runs
/// meanwhile, and nothing within the process can mend that.
enum class wedged_gil_policy : uint8_t {
  /// It is logged as critical. Calls are answered by their limits.
  report,
  /// And the process ends by `std::abort`, for where something outside starts
  /// it again.
  abort_process,
};

/// Makes what a library adds to the package `pyactor`, for a runtime that is
/// about to start: the functions of the extension are called while that is
/// there, but not before it has started.
using extension_maker = std::function<extension(runtime&)>;

/// Everything about a runtime that is decided before it starts.
struct runtime_options {
  /// Empty stands for one pool, `default`, as `default_pool` makes it.
  std::map<std::string, pool_options> pools;
  /// How CPython is set up.
  python_config python;
  /// Bounds of each context's interpreter.
  interpreter_limits limits;
  /// Runs CPython's initialization, and what Python calls its main thread, on
  /// the first context of kind `main`, for libraries that insist; else on a
  /// thread of its own that runs no actors.
  bool main_thread_is_context = false;
  /// Bound on `runtime::stop` in the runtime's destructor.
  std::chrono::milliseconds stop_deadline{10'000};
  /// How long a call that was interrupted has to come back before its context
  /// is given up and replaced.
  std::chrono::milliseconds interrupt_grace{1'000};
  /// How long a call in a context of kind `main` goes on before it is tried
  /// whether the GIL can be had, and how long that may take before the GIL
  /// counts as wedged; 0 for ever. Python code hands it over after
  /// `switch_interval`.
  std::chrono::milliseconds gil_patience{10'000};
  /// What follows then.
  wedged_gil_policy on_wedged_gil = wedged_gil_policy::report;
  /// trace, debug, info, warning, error, critical or off.
  std::string log_level = "warning";
  /// What other libraries add to the package `pyactor`.
  std::vector<extension_maker> extensions = {};
};

/// @param workers number of CAF's scheduler threads
/// @returns an own-GIL context for each worker, as far as there are hardware
///          threads; one `main` context where CPython is older than 3.14
[[nodiscard]] pool_options default_pool(size_t workers);

/// Adds pyactor's options and its error texts, before the actor system exists;
/// call it once. The options, in a configuration file, on the command line
/// (`--pyactor.venv=DIR`) or by `config.set("pyactor.venv", ...)`:
///
/// - `pools`: dictionary of pools, `{io={kind="main",size=2}}`, with the keys
///   `kind`, `size`, `policy`, `preload`, `preload-file`, `stack-size` (bytes),
///   `blas-threads` and `max-handler-time`
/// - `search-paths`: list of folders for `sys.path`
/// - `venv`: folder of a virtual environment
/// - `allocator`: `standard` or `malloc`
/// - `switch-interval`, `stop-deadline`, `interrupt-grace`, `gil-patience`:
///   times, for example `500us`
/// - `on-wedged-gil`: `report` or `abort-process`
/// - `nesting-depth`, `value-elements`, `code-cache`: see interpreter_limits
/// - `main-thread-is-context`, `log-level`: see runtime_options
/// @param config of the actor system; `read_options` finds there what was given
void configure(caf::actor_system_config& config);

/// Reads what `configure` added.
/// @param config what it does not have is as `runtime_options` has it
/// @param workers as for `default_pool`
/// @returns `invalid_argument` that names the option and says what would be
///          right; `unsupported` for own-GIL pools below CPython 3.14
[[nodiscard]] expected<runtime_options>
read_options(const caf::actor_system_config& config, size_t workers);

/// @param options those without a pool are refused, too
/// @returns `invalid_argument` or `unsupported` for options that cannot be
expected<void> check(const runtime_options& options);

} // namespace runtime
} // namespace pyactor
