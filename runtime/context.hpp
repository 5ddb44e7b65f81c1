#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/attachment.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/context_settings.hpp>
#include <pyactor/runtime/context_units.hpp>
#include <pyactor/runtime/fwd.hpp>
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
#include <optional>
#include <string>

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

  /// Makes a context that does not run yet: `start` or `open` follows.
  /// @param system of its actors; outlives this
  /// @param config see `context_settings`
  context(caf::actor_system& system, context_settings config);

  context(const context&) = delete;
  context& operator=(const context&) = delete;

  ~context();

  // -- properties -------------------------------------------------------------

  /// @returns what it was made with
  [[nodiscard]] const context_settings& config() const noexcept {
    return config_;
  }

  /// @returns a name for people, for example `default/0`
  [[nodiscard]] const std::string& name() const noexcept override {
    return config_.name;
  }

  /// @returns what it runs
  [[nodiscard]] interpreter_kind kind() const noexcept {
    return config_.kind;
  }

  /// @returns the actor system of its actors
  [[nodiscard]] caf::actor_system& system() const noexcept {
    return system_;
  }

  /// @returns its figures at this moment
  [[nodiscard]] context_stats stats() const;

  /// @returns live actors and environments, for the router
  [[nodiscard]] size_t load() const;

  /// @returns what runs now
  [[nodiscard]] const loop::activity& running() const noexcept override {
    return loop_.running();
  }

  /// @returns the context whose thread this is, or null
  [[nodiscard]] static context* current() noexcept;

  // -- life -------------------------------------------------------------------

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

  /// Starts the thread, which opens the interpreter, and waits for neither.
  /// Actors may be spawned at once; where the interpreter does not open, they
  /// end with the reason.
  /// @param python how it comes by CPython
  /// @returns `invalid_argument` or `start_failed`: there is no thread
  [[nodiscard]] expected<void> launch(python_source python);

  /// Opens the interpreter on the calling thread, which then drives the context
  /// with `step`; for tests.
  /// @param python what it is an interpreter of; finalized after `close`
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

  /// @param deadline until when to wait
  /// @returns whether the interpreter has ended by then
  [[nodiscard]] bool await_end(clock::time_point deadline) const;

  /// @pre await_end returned true
  void join() noexcept {
    thread_.join();
  }

  /// Has another context take the place of this one, whose interpreter is not
  /// to be trusted any more. From then on no new actor comes here; those that
  /// live here go on, and the interpreter ends with the last of them, and with
  /// the last environment. Waits for nothing. One that is dedicated to an actor
  /// ends with it anyway, and has no place to be taken.
  /// @param reason for the log
  /// @returns ready once the other context runs, or with
  ///          - `unsupported`: all contexts of kind `main` share one
  ///          interpreter
  ///          - `interpreter_lost`: it was given up, or the runtime stops
  ///          - as `start`: there is no other one, so this one stays
  std::shared_future<expected<void>> poison(std::string reason);

  /// Ends with the last of its actors and environments: another context has
  /// taken its place, or it is dedicated to these. Once more, it looks whether
  /// that was the last.
  void retire();

  /// @returns whether `retire` was called
  [[nodiscard]] bool is_retired() const noexcept {
    return retired_.load(std::memory_order_acquire);
  }

  /// @returns whether it is retired, and has ended or was given up
  [[nodiscard]] bool is_over() const {
    return is_retired() && (is_given_up() || await_end(clock::now()));
  }

  /// @returns whether it was poisoned, and another one has taken its place
  [[nodiscard]] bool was_replaced() const noexcept {
    return is_retired() && !config_.is_dedicated && !is_given_up();
  }

  /// @returns whether it has begun to end
  [[nodiscard]] bool is_stopping() const noexcept {
    return loop_.stopping();
  }

  /// Gives up on a call that does not come back: the context runs nothing any
  /// more, and its thread is parked should it ever leave Python. `bury`
  /// follows.
  /// @param turn as `running` tells it
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

  /// @returns whether it is of kind `main`
  [[nodiscard]] bool shares_gil() const noexcept override {
    return kind() == interpreter_kind::main;
  }

  bool interrupt(uint64_t turn, error why) override;
  void probe_gil() override;

  /// Interrupts what runs now, because it is in the way of a stop.
  void interrupt_for_stop();

  [[nodiscard]] bool is_interrupting() const override {
    return python_.is_interrupting();
  }

  /// A call of it keeps the GIL that other contexts need, for long.
  void note_wedged_gil() noexcept {
    has_wedged_gil_.store(true, std::memory_order_release);
  }

  /// @returns whether `note_wedged_gil` was called
  [[nodiscard]] bool has_wedged_gil() const noexcept {
    return has_wedged_gil_.load(std::memory_order_acquire);
  }

  /// Tells whoever supervises the actor of a call.
  /// @param runs the call, as `running` told it
  /// @param what is the matter with it
  void report_call(const loop::activity::snapshot& runs,
                   call_trouble what) const {
    if (auto found = residents_.find(runs.actor))
      tell_attached(found, what, runs.turn);
  }

  /// @returns the actor that runs, and for how long, for a person
  [[nodiscard]] std::string what_runs() const;

  /// Hands guests over to CAF's scheduler where they have waited for too long.
  /// @param now up to when they have waited
  /// @param patience how long they may wait behind one slice
  /// @returns whether some still wait
  bool relieve_guests(clock::time_point now, clock::duration patience);

  // -- for pinned actors ------------------------------------------------------

  /// @returns the unit that pinned actors are scheduled on
  [[nodiscard]] caf::execution_unit& residents_unit() noexcept {
    return resident_unit_;
  }

  /// @returns the unit that pinned actors run on: what they wake is a guest
  [[nodiscard]] caf::execution_unit& guests_unit() noexcept {
    return guest_unit_;
  }

  /// @returns its pinned actors that have not ended
  [[nodiscard]] resident_list& residents() noexcept {
    return residents_;
  }

  /// @returns the pinned actor whose slice this is, or null
  /// @thread the context's
  [[nodiscard]] pinned_base* running_actor() const noexcept {
    return running_actor_;
  }

  /// @returns its thread in its interpreter
  [[nodiscard]] attachment& python() noexcept {
    return python_;
  }

  /// A new environment with the pool's preload applied.
  /// @returns as `environment::exec` for the preload; or `hung`, `interrupted`
  /// @thread the context's, within a slice
  [[nodiscard]] expected<environment> make_environment() {
    return python_.make_environment(config_.preload, name());
  }

  /// Releases what an actor owned in Python: at once within that actor's own
  /// slice, else as soon as the context gets to it.
  /// @param who the actor, which is compared only
  /// @param what it owned
  void release(const pinned_base& who, departure what);

  /// @returns the error of whoever needs a context that has ended
  [[nodiscard]] caf::error lost() const;

  /// An actor has ended.
  /// @param who may be none of its residents any more
  void forget(pinned_base& who) noexcept;

private:
  // what the loop calls
  void run_resident(caf::resumable* job);
  void run_guest(caf::resumable* job);
  void run_departure(departure what);
  void bounce(caf::resumable* job);
  std::optional<clock::time_point> housekeeping();
  void detach_idle() noexcept;
  [[nodiscard]] size_t live_residents() const noexcept;
  void kill_residents();

  expected<void> run_thread(python_source python,
                            std::function<void(expected<void>)> opened);
  void refuse_all(const error& why);
  void end_slice() noexcept;
  void depart(departure what);
  bool stop_if_unused();
  void look_after_threads(clock::time_point now);
  void poison_or_say_why(std::string reason);

  template <class, class>
  friend class loop::run_loop;
  friend guest_unit;
  friend resident_unit;
  friend slice;

  static thread_local context* current_;

  caf::actor_system& system_;
  context_settings config_;
  resident_unit resident_unit_;
  guest_unit guest_unit_;
  resident_list residents_;
  loop::run_loop<caf::resumable*, departure> loop_;
  attachment python_{loop_.running()};

  // the context's thread only
  pinned_base* running_actor_ = nullptr;

  std::atomic<bool> given_up_ = false;
  std::atomic<bool> retired_ = false;
  std::atomic<bool> has_wedged_gil_ = false;
  /// Why there is no interpreter. Written before the actors' list and the
  /// loop's queue are closed, read by who has found them closed.
  std::optional<error> unopened_;
  os_thread thread_;
  std::promise<void> ended_;
  std::shared_future<void> end_;
};

} // namespace runtime
} // namespace pyactor
