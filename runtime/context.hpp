#pragma once

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/entry_scope.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/context_settings.hpp>
#include <pyactor/runtime/context_units.hpp>
#include <pyactor/runtime/fwd.hpp>
#include <pyactor/runtime/interrupter.hpp>
#include <pyactor/runtime/loop/activity.hpp>
#include <pyactor/runtime/loop/run_loop.hpp>
#include <pyactor/runtime/os_thread.hpp>
#include <pyactor/runtime/python_state.hpp>
#include <pyactor/runtime/resident_list.hpp>
#include <pyactor/runtime/watched.hpp>

#include <atomic>
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

/// One OS thread, one interpreter, one run queue: the unit of parallelism.
/// Everything of a context runs on its thread, for its whole life.
///
/// A context is shared by its pinned actors, so that a handle to a dead one
/// stays harmless when the runtime is gone.
/// @thread any, but for what says otherwise
class context final : public watched,
                      public std::enable_shared_from_this<context> {
public:
  /// What deadlines here are times of.
  using clock = loop::activity::clock;

  /// What a context is made with.
  using settings = context_settings;

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
  [[nodiscard]] const std::string& name() const noexcept override {
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

  /// What its actors' messages may take, where they say nothing else.
  [[nodiscard]] clock::duration max_handler_time() const noexcept {
    return config_.max_handler_time;
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
  [[nodiscard]] const loop::activity& running() const noexcept override {
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
  /// @param python how it comes by CPython
  /// @param deadline when the context is left to itself and ends as soon as it
  ///                 can
  /// @returns once the interpreter is open, or
  ///          - what `python` failed with, or `open`
  ///          - `invalid_argument`: the system refuses the stack size
  ///          - `start_failed`: no thread, or not open by `deadline`
  [[nodiscard]] expected<void> start(python_source python,
                                     std::optional<clock::time_point> deadline
                                     = std::nullopt);

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

  /// Has another context take the place of this one, whose interpreter is not
  /// to be trusted any more. From then on no new actor comes here; those that
  /// live here go on, and the interpreter ends with the last of them, and with
  /// the last environment. Waits for nothing.
  /// @param reason for the log
  /// @returns ready once the other context runs, or with
  ///          - `unsupported`: all contexts of kind `main` share one
  ///          interpreter
  ///          - `interpreter_lost`: it was given up, or the runtime stops
  ///          - as `start`: there is no other one, so this one stays
  std::shared_future<expected<void>> poison(std::string reason);

  /// Ends with the last of its actors and environments: another context has
  /// taken its place. Once more, it looks whether that was the last.
  void retire();

  /// @returns whether `retire` was called
  [[nodiscard]] bool is_retired() const noexcept {
    return retired_.load(std::memory_order_acquire);
  }

  /// @returns whether it is retired, and has ended or was given up
  [[nodiscard]] bool is_over() const {
    return is_retired() && (is_given_up() || await_end(clock::now()));
  }

  /// @returns whether it has begun to end
  [[nodiscard]] bool is_stopping() const noexcept {
    return loop_.stopping();
  }

  /// Gives up on a call that does not come back: the context runs nothing any
  /// more, and its thread is parked should it ever leave Python. `bury`
  /// follows.
  /// @returns false where that turn is over, or not inside Python
  bool give_up(uint64_t turn);

  /// @returns whether it was given up
  [[nodiscard]] bool is_given_up() const noexcept override {
    return given_up_.load(std::memory_order_acquire);
  }

  /// Ends the actors of a context that was given up, and answers all requests.
  /// @param why of the actor whose call did not come back; the state of the
  ///            others is lost
  /// @pre give_up returned true
  void bury(const error& why);

  /// Gives up on a thread that does not come back: its actors are ended and
  /// their requests answered, as far as none of them is running C++ code; the
  /// thread is parked should it ever leave Python.
  /// @returns what was left, for a person
  std::string abandon();

  /// Contexts of kind `main` do.
  [[nodiscard]] bool shares_gil() const noexcept override {
    return kind() == interpreter_kind::main;
  }

  bool interrupt(uint64_t turn, error why) override;
  void probe_gil() override;

  /// Interrupts what runs now, because it is in the way of a stop.
  void interrupt_for_stop();

  [[nodiscard]] bool is_interrupting() const override {
    return interrupter_.under_way();
  }

  /// A call of it keeps the GIL that other contexts need, for ever.
  void note_wedged_gil() noexcept {
    has_wedged_gil_.store(true, std::memory_order_release);
  }

  /// @returns whether `note_wedged_gil` was called
  [[nodiscard]] bool has_wedged_gil() const noexcept {
    return has_wedged_gil_.load(std::memory_order_acquire);
  }

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
  /// @returns as `environment::exec` for the preload; `hung` or `interrupted`
  ///          where that did not return in time
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
      let_go_of_logger();
    }

    python_call(const python_call&) = delete;
    python_call& operator=(const python_call&) = delete;

    ~python_call() {
      if (outermost_)
        home_.leave_python();
    }

  private:
    context& home_;
    bool outermost_;
  };

  /// Runs Python code for the running actor.
  /// @param step gives an `expected`
  /// @returns what `step` gave; where it was interrupted, the error that says
  ///          why, whatever the code has made of the exception
  /// @thread the context's, within a slice
  template <class F>
  auto run_python(F step) -> decltype(step());

  /// As `run_python` does, after a `python_call`.
  /// @param how what the code came to, if that was an error
  /// @returns none where it was not interrupted
  [[nodiscard]] std::optional<error> take_interruption(const error* how);

  /// Gives the running call `time` more, from now on.
  /// @thread the context's, within a slice
  void extend(clock::duration time) noexcept {
    loop_.running().extend(clock::now() + time);
  }

  /// Releases what an actor owned in Python: at once within that actor's own
  /// slice, else as soon as the context gets to it.
  void release(const pinned_base& who, std::unique_ptr<python_state> state,
               std::string reason);

  /// Something was released whose cycles only a collection frees.
  /// @thread the context's
  void note_garbage() noexcept {
    garbage_ = true;
  }

  /// Has calls looked after that are limited so.
  [[nodiscard]] std::shared_ptr<void> expect_limit(clock::duration limit) {
    return config_.expect_limit ? config_.expect_limit(limit) : nullptr;
  }

  /// The error of whoever needs a context that has ended.
  [[nodiscard]] caf::error lost() const;

  /// An actor has ended.
  void forget(pinned_base& who) noexcept;

private:
  struct departure {
    std::unique_ptr<python_state> state;
    std::string reason;
    uint64_t actor = 0;
    clock::duration limit{0};
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
  void leave_python() noexcept;
  void depart(departure what);
  void flush_output(attach_scope& py);
  bool stop_if_unused();
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
  interrupter interrupter_;

  // the context's thread only
  std::unique_ptr<interpreter> interpreter_;
  std::optional<attach_scope> attached_;
  std::optional<entry_scope> entry_;
  pinned_base* running_actor_ = nullptr;
  /// Why the last stretch of Python was interrupted.
  std::optional<error> interruption_;
  bool garbage_ = false;
  clock::time_point last_cleaning_{};
  std::atomic<bool> given_up_ = false;
  std::atomic<bool> retired_ = false;
  std::atomic<bool> has_wedged_gil_ = false;
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

template <class F>
auto context::run_python(F step) -> decltype(step()) {
  interruption_.reset();
  auto result = [&] {
    python_call running{*this};
    return step();
  }();
  if (!interruption_) [[likely]]
    return result;
  auto why = take_interruption(result ? nullptr : &result.error());
  python_call running{*this}; // what the result holds may go
  result = unexpected{*std::move(why)};
  return result;
}

} // namespace runtime
} // namespace pyactor
