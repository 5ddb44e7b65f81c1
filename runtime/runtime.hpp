#pragma once

#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/fwd.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/runtime/options.hpp>
#include <pyactor/runtime/pinned_actor.hpp>
#include <pyactor/runtime/python_class.hpp>
#include <pyactor/runtime/router.hpp>
#include <pyactor/runtime/spawn.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// What `runtime::stop` came to.
/// @thread any; copies are independent
struct stop_report {
  /// @returns whether all actors, environments and interpreters are gone, and
  ///          CPython is finalized
  [[nodiscard]] bool complete() const noexcept {
    return left.empty();
  }

  /// What would not end in time, one line each; it is leaked on purpose.
  std::vector<std::string> left;
};

/// A runtime that may have ended by now, for what outlives it, for example a
/// start function of a supervisor.
/// @thread any; a value
class weak_runtime {
public:
  /// Leads to a runtime for as long as that exists.
  /// @param python is not kept alive
  weak_runtime(const runtime& python) noexcept; // NOLINT: stands for it

  /// Picks the context of a new actor.
  /// @param where as for `router::place`
  /// @returns as `router::place`; `interpreter_lost` without a runtime
  [[nodiscard]] expected<std::shared_ptr<context>>
  place(const placement& where) const;

  /// Opens a context for one actor, or a few, which live in a fresh interpreter
  /// with its own GIL. It ends with the last actor that was spawned in it, once
  /// the result is gone. Waits for nothing: where the interpreter does not
  /// open, the actors end with the reason.
  /// @param where the pool that it is like; no index
  /// @returns `unsupported` below CPython 3.14
  ///          - `invalid_argument`: no such pool, or an index
  ///          - `interpreter_lost`: without a runtime, or after its `stop`
  ///          - `start_failed`: no thread
  [[nodiscard]] expected<std::shared_ptr<context>>
  place_dedicated(const placement& where) const;

  /// As `runtime::give_up`.
  /// @param where,call,why as there
  /// @returns false also without a runtime
  bool give_up(context& where, uint64_t call, const error& why) const;

private:
  std::weak_ptr<router> routes_;
  std::weak_ptr<context_set> contexts_;
};

/// Whether the first of some arguments is a placement.
template <class... Ts>
inline constexpr bool starts_with_placement = false;

/// True where the first one is.
template <class T, class... Ts>
inline constexpr bool starts_with_placement<T, Ts...>
  = std::is_same_v<std::remove_cvref_t<T>, placement>;

/// Python beside an actor system: CPython, its contexts, and the actors pinned
/// to them. One at a time in a process; it must go before its actor system.
/// @thread any, but `stop` and the destructor: not on a context's thread
class runtime {
public:
  /// Starts with the options of `system`'s configuration.
  /// @param system made of what `configure` was called with; outlives the
  ///               runtime
  /// @returns the runtime, all its contexts ready, or
  ///          - `invalid_argument`: an option is wrong; it is named
  ///          - `unsupported`: own-GIL pools below CPython 3.14
  ///          - `already_exists`: CPython runs in this process already
  ///          - `start_failed`: CPython, a context or its thread
  [[nodiscard]] static expected<std::unique_ptr<runtime>>
  start(caf::actor_system& system);

  /// Starts with these options, in place of those of the configuration.
  /// @param system of the actors; outlives the runtime
  /// @param options without pools there is one, `default`
  /// @returns as `start` without them: `invalid_argument`, `unsupported`,
  ///          `already_exists`, `start_failed`
  [[nodiscard]] static expected<std::unique_ptr<runtime>>
  start(caf::actor_system& system, runtime_options options);

  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// Stops, within the option `stop-deadline`.
  ~runtime();

  // -- actors -----------------------------------------------------------------

  /// Spawns a pinned actor of class `T`, a subclass of `python_actor` or
  /// `typed_python_actor`.
  /// @param where in which context it lives
  /// @param xs for the constructor, after CAF's own argument
  /// @returns its handle, typed as the actor is
  /// @throws python_error where `where` names no context, or after `stop`
  template <class T, class... Ts>
  caf::infer_handle_from_class_t<T> spawn(const placement& where, Ts&&... xs) {
    return spawn_on<T>(context_at(where), std::forward<Ts>(xs)...);
  }

  /// The same, in the pool `default`.
  /// @param xs for the constructor
  /// @returns as above
  template <class T, class... Ts>
    requires(!starts_with_placement<Ts...>)
  caf::infer_handle_from_class_t<T> spawn(Ts&&... xs) {
    return spawn<T>(placement{}, std::forward<Ts>(xs)...);
  }

  /// Spawns a pinned actor from a function, for example
  /// `caf::behavior counter(python_actor* self)`.
  /// @param where in which context it lives
  /// @param fun takes `python_actor*` first, then `xs`; runs once, on the
  ///            context's thread
  /// @param xs copied into the actor
  /// @returns its handle
  /// @throws as above
  template <class F, class... Ts>
  auto spawn_function(const placement& where, F fun, Ts&&... xs) {
    return spawn_function_on(context_at(where), std::move(fun),
                             std::forward<Ts>(xs)...);
  }

  /// Spawns an actor that is written in Python.
  /// @param what its class
  /// @param args for `__init__`
  /// @param where in which context it lives
  /// @param started told, on the context's thread, when `__init__` returned, or
  ///                what kept the actor from starting; may be empty
  /// @returns its handle; `__init__` runs later
  /// @throws as above
  caf::actor spawn_python(actor_class what, arguments args = {},
                          const placement& where = {}, on_started started = {});

  /// @param who the actor, whose thread this is
  /// @param where in which pool; `from` is not used
  /// @returns the context that serves an ordinary actor's own environment: the
  ///          same one for all its life. Takes `call`, `eval` and `exec`
  /// @throws as above
  caf::actor context_of(caf::local_actor& who, placement where = {});

  /// @param where which context
  /// @returns the actor behind a context that takes `call`, `eval` and `exec`
  /// @throws as above
  caf::actor context_server_at(const placement& where);

  // -- names ------------------------------------------------------------------

  /// Gives an actor a name, which goes with it.
  /// @param name in the process; not empty
  /// @param who the actor, which the name does not keep alive
  /// @returns `already_exists` where another live actor has the name,
  ///          `actor_dead` where `who` is dead, `invalid_argument` for an empty
  ///          name
  expected<void> register_name(std::string name, const caf::actor& who);

  /// @param name that C++ or Python code has registered
  /// @returns the actor, or an invalid handle where no live actor has the name
  [[nodiscard]] caf::actor whereis(std::string_view name) const;

  // -- state ------------------------------------------------------------------

  /// @returns the actor system that it is beside
  [[nodiscard]] caf::actor_system& system() const noexcept;

  /// @returns the options that it runs with, defaults filled in
  [[nodiscard]] const runtime_options& options() const noexcept;

  /// @returns one entry for each context, poisoned ones included until they end
  [[nodiscard]] std::vector<context_stats> stats() const;

  /// @returns how many contexts were poisoned, and replaced; see
  ///          `context::poison`
  [[nodiscard]] size_t contexts_poisoned() const;

  /// @returns how many contexts were given up, and leak on purpose, because a
  ///          call in them did not come back
  [[nodiscard]] size_t contexts_given_up() const;

  /// Gives up the context of a call that does not come back, as for one that
  /// overran its `max_handler_time`: another one takes its place, then its
  /// actors are ended, the one that hung with `why`. Waits for nothing.
  /// @param where the context; of this runtime
  /// @param call as `pinned_base::running_call` told it
  /// @param why what the call, and its actor, come to
  /// @returns false where the call is over, and after `stop`
  bool give_up(context& where, uint64_t call, const error& why);

  /// @param where which context; a pool alone picks one, as for a new actor
  /// @returns the context of a placement, for its properties; lives as long as
  ///          the runtime
  /// @throws as above
  [[nodiscard]] context& context_at(const placement& where) const;

  /// Ends actors, environments, interpreters and CPython, in that order.
  /// Idempotent.
  /// @param deadline bound on all of it; what would not end is left behind
  /// @returns what would not end; later calls get the same report
  stop_report stop(std::chrono::milliseconds deadline);

private:
  friend weak_runtime;

  struct parts;

  explicit runtime(std::unique_ptr<parts> impl) noexcept;

  std::unique_ptr<parts> parts_;
};

} // namespace runtime
} // namespace pyactor
