#pragma once

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/entry_scope.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/context_units.hpp>
#include <pyactor/runtime/fwd.hpp>
#include <pyactor/runtime/loop/activity.hpp>
#include <pyactor/runtime/loop/run_loop.hpp>
#include <pyactor/runtime/os_thread.hpp>
#include <pyactor/runtime/python_state.hpp>
#include <pyactor/runtime/resident_list.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// What a context tells about itself.
struct context_stats {
  /// As `context::name`.
  std::string name;
  /// What it runs.
  interpreter_kind kind = interpreter_kind::main;
  /// Pinned actors that have not ended.
  uint64_t live_actors = 0;
  /// Environments that are not yet released.
  uint64_t live_environments = 0;
  /// Environments released since the context started.
  uint64_t released_environments = 0;
  /// Actors that are ready to run, and releases that wait.
  uint64_t queue_length = 0;
  /// Messages that its pinned actors have handled.
  uint64_t executed_messages = 0;
};

/// One OS thread, one interpreter, one run queue: the unit of parallelism.
/// Everything of a context runs on its thread, for its whole life.
///
/// A context is shared by its pinned actors, so that a handle to a dead one
/// stays harmless when the runtime is gone.
/// @thread any, but for what says otherwise
class context : public std::enable_shared_from_this<context> {
public:
  /// What deadlines here are times of.
  using clock = loop::activity::clock;

  /// What a context is made with.
  struct settings {
    /// Unique in the runtime.
    uint32_t id = 0;
    /// For people, logs and the thread's name, for example `default/0`.
    std::string name;
    /// Name of its pool.
    std::string pool;
    /// What it runs.
    interpreter_kind kind = interpreter_kind::main;
    /// Bounds of its interpreter.
    interpreter_limits limits;
    /// As in `pool_options`.
    std::string preload;
    /// As in `pool_options`.
    size_t stack_size_bytes = 0;
    /// Called whenever an actor that is not pinned waits behind a slice.
    std::function<void()> announce_guest;
  };

  /// Makes a context that does not run yet: `start` or `open` follows.
  context(caf::actor_system& system, settings config);

  context(const context&) = delete;
  context& operator=(const context&) = delete;

  ~context();

  // -- properties -------------------------------------------------------------

  /// Unique in the runtime.
  [[nodiscard]] uint32_t id() const noexcept {
    return config_.id;
  }

  /// For people, for example `default/0`.
  [[nodiscard]] const std::string& name() const noexcept {
    return config_.name;
  }

  /// Name of its pool.
  [[nodiscard]] const std::string& pool_name() const noexcept {
    return config_.pool;
  }

  /// What it runs.
  [[nodiscard]] interpreter_kind kind() const noexcept {
    return config_.kind;
  }

  /// The actor system of its actors.
  [[nodiscard]] caf::actor_system& system() const noexcept {
    return system_;
  }

  /// Its figures at this moment.
  [[nodiscard]] context_stats stats() const;

  /// Live actors and environments, for the router.
  [[nodiscard]] size_t load() const;

  /// What runs now.
  [[nodiscard]] const loop::activity& running() const noexcept {
    return loop_.running();
  }

  /// The context whose thread this is, or null.
  [[nodiscard]] static context* current() noexcept;

  // -- life -------------------------------------------------------------------

  /// How the context's thread comes by CPython.
  struct python_source {
    /// Called first on the thread.
    std::function<expected<main_interpreter*>()> acquire;
    /// Called last on the thread; may be empty.
    std::function<void()> release;
  };

  /// Starts the thread and opens the interpreter on it.
  /// @returns once the interpreter is open, or what kept it from opening
  [[nodiscard]] expected<void> start(python_source python);

  /// Opens the interpreter on the calling thread, which then drives the context
  /// with `step`; for tests.
  /// @returns as `interpreter::open_main` or `start_own_gil`
  expected<void> open(main_interpreter& python);

  /// Runs one slice, and first the releases of actors that ended elsewhere.
  /// @returns false where nothing was ready
  /// @thread the context's
  bool step();

  /// Asks all pinned actors to end, then lets the thread end its interpreter.
  /// @param kill_at when actors that do not end are killed
  void request_stop(clock::time_point kill_at);

  /// Ends a context that is driven by `step`.
  /// @thread the context's
  void close();

  /// @returns whether the interpreter has ended by then
  [[nodiscard]] bool await_end(clock::time_point deadline) const;

  /// @pre await_end returned true
  void join() noexcept {
    thread_.join();
  }

  /// Gives up on a thread that does not come back: its actors are ended and
  /// their requests answered, as far as none of them is running C++ code; the
  /// thread is parked should it ever leave Python.
  /// @returns what was left, for a person
  std::string abandon();

  /// The actor that runs, and for how long, for a person.
  [[nodiscard]] std::string what_runs() const;

  /// Names of Python threads that keep the interpreter from ending; empty
  /// unless that is what the context waits for.
  [[nodiscard]] std::vector<std::string> lingering_threads() const;

  /// Hands guests over to CAF's scheduler where they have waited behind one
  /// slice for longer than `patience`.
  /// @returns whether some still wait
  bool relieve_guests(clock::time_point now, clock::duration patience);

  // -- for pinned actors ------------------------------------------------------

  /// The unit that pinned actors are scheduled on.
  [[nodiscard]] caf::execution_unit& residents_unit() noexcept {
    return resident_unit_;
  }

  /// The unit that pinned actors run on: what they wake is a guest.
  [[nodiscard]] caf::execution_unit& guests_unit() noexcept {
    return guest_unit_;
  }

  /// Its pinned actors that have not ended.
  [[nodiscard]] resident_list& residents() noexcept {
    return residents_;
  }

  /// A slice ends after so many messages or so long, checked between messages.
  static constexpr size_t slice_messages = 64;
  /// See `slice_messages`.
  static constexpr auto slice_time = std::chrono::microseconds{200};

  /// The pinned actor whose slice this is, or null.
  /// @thread the context's
  [[nodiscard]] pinned_base* running_actor() const noexcept {
    return running_actor_;
  }

  /// Attaches to the interpreter until the end of the slice.
  /// @thread the context's, within a slice
  attach_scope& attach();

  /// A new environment with the pool's preload applied.
  /// @returns as `environment::exec` for the preload
  /// @thread the context's, within a slice
  [[nodiscard]] expected<environment> make_environment();

  /// Marks a stretch of Python code; everything that runs Python, or waits for
  /// its GIL, is inside one. They nest.
  /// @thread the context's
  class python_call {
  public:
    /// Begins a stretch of Python code on `home`.
    explicit python_call(context& home) noexcept
      : home_(home), outermost_(home.loop_.running().enter_python()) {
    }

    python_call(const python_call&) = delete;
    python_call& operator=(const python_call&) = delete;

    ~python_call() {
      if (outermost_ && !home_.loop_.running().leave_python())
        home_.park();
    }

  private:
    context& home_;
    bool outermost_;
  };

  /// Releases what an actor owned in Python: at once within that actor's own
  /// slice, else as soon as the context gets to it.
  void release(const pinned_base& who, std::unique_ptr<python_state> state,
               std::string reason);

  /// Something was released whose cycles only a collection frees.
  /// @thread the context's
  void note_garbage() noexcept {
    garbage_ = true;
  }

  /// The error of whoever needs a context that has ended.
  [[nodiscard]] caf::error lost() const;

  /// An actor has ended.
  void forget(pinned_base& who) noexcept;

private:
  struct departure {
    std::unique_ptr<python_state> state;
    std::string reason;
  };

  // what the loop calls
  void run_resident(caf::resumable* job);
  void run_guest(caf::resumable* job);
  void run_departure(departure what);
  void bounce(caf::resumable* job);
  std::optional<clock::time_point> housekeeping();
  void detach_idle() noexcept;
  [[nodiscard]] size_t live_residents() const noexcept;
  void kill_residents();

  void end_slice() noexcept;
  void depart(departure what);
  void flush_output(attach_scope& py);
  [[noreturn]] void park() noexcept;
  void end_interpreter();

  template <class, class>
  friend class loop::run_loop;
  friend guest_unit;
  friend resident_unit;
  friend slice;

  static thread_local context* current_;

  caf::actor_system& system_;
  settings config_;
  resident_unit resident_unit_;
  guest_unit guest_unit_;
  resident_list residents_;
  loop::run_loop<caf::resumable*, departure> loop_;

  // the context's thread only
  std::unique_ptr<interpreter> interpreter_;
  std::optional<attach_scope> attached_;
  std::optional<entry_scope> entry_;
  pinned_base* running_actor_ = nullptr;
  bool garbage_ = false;
  clock::time_point last_cleaning_{};
  /// The first end of an actor whose output may still be in a buffer.
  std::optional<clock::time_point> unflushed_since_;

  mutable std::mutex mtx_;
  // guarded by mtx_
  std::vector<std::string> lingering_;
  interpreter_stats last_stats_;

  os_thread thread_;
  std::promise<void> ended_;
  std::shared_future<void> end_;
};

} // namespace runtime
} // namespace pyactor
