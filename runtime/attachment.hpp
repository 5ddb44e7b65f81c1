#pragma once

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/entry_scope.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/interrupter.hpp>
#include <pyactor/runtime/loop/activity.hpp>
#include <pyactor/runtime/thread_roll.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// A context's thread in its interpreter: when it is attached, what Python code
/// it runs and how that is interrupted, and what it tidies up between slices.
/// @thread the context's, but for what says otherwise
class attachment {
public:
  /// What times here are of.
  using clock = loop::activity::clock;

  /// Nothing is open yet.
  /// @param running what the context's thread publishes; outlives this
  explicit attachment(loop::activity& running) noexcept : running_(running) {
  }

  attachment(const attachment&) = delete;
  attachment& operator=(const attachment&) = delete;

  // -- life -------------------------------------------------------------------

  /// Opens the interpreter on the calling thread.
  /// @param python what it is an interpreter of
  /// @param kind whether that is the main interpreter or one of its own
  /// @param limits of that interpreter
  /// @param on_release_queued called on any thread whenever there is something
  ///                          to tidy up
  /// @returns as `interpreter::open_main` or `start_own_gil`
  expected<void> open(main_interpreter& python, interpreter_kind kind,
                      const interpreter_limits& limits,
                      std::function<void()> on_release_queued);

  /// Ends the interpreter, and waits for its Python threads.
  void close();

  /// @returns its figures now, or those at its end
  /// @thread any
  [[nodiscard]] interpreter_stats stats() const;

  /// @returns the names of Python threads that keep the interpreter from
  ///          ending; empty unless that is what `close` waits for
  /// @thread any
  [[nodiscard]] std::vector<std::string> lingering_threads() const;

  // -- attaching --------------------------------------------------------------

  /// Attaches to the interpreter until the end of the slice.
  /// @returns the proof, until the thread detaches
  attach_scope& attach();

  /// Lets go of what was the running actor's, and of a GIL that others need.
  void end_slice() noexcept;

  /// Lets go of the interpreter; the thread is about to sleep.
  void detach() noexcept {
    attached_.reset();
  }

  // -- running Python code ----------------------------------------------------

  /// Marks a stretch of Python code; everything that runs Python, or waits for
  /// its GIL, is inside one. They nest.
  class python_call {
  public:
    /// Begins a stretch of Python code.
    /// @param where outlives this
    explicit python_call(attachment& where) noexcept
      : where_(where), outermost_(where.running_.enter_python()) {
      let_go_of_logger();
    }

    python_call(const python_call&) = delete;
    python_call& operator=(const python_call&) = delete;

    ~python_call() {
      if (outermost_)
        where_.leave_python();
    }

  private:
    attachment& where_;
    bool outermost_;
  };

  /// Runs Python code for the running actor. Does not come back where the call
  /// was given up.
  /// @param step gives an `expected`
  /// @returns what `step` gave; where it was interrupted, the error that says
  ///          why, whatever the code has made of the exception
  template <class F>
  auto run(F step) -> decltype(step());

  /// As `run`, in a slice that serves many: context variables that the code
  /// sets go with it.
  /// @param step as for `run`
  /// @returns as `run`
  template <class F>
  auto run_apart(F step) -> decltype(step());

  /// As `run` does, after a `python_call`.
  /// @param how what the code came to, if that was an error
  /// @returns none where it was not interrupted
  [[nodiscard]] std::optional<error> take_interruption(const error* how);

  /// A new environment in which `preload` has run, apart.
  /// @param preload source code; may be empty
  /// @param whose for the error of a preload that fails
  /// @returns as `environment::exec` for the preload; `hung` or `interrupted`
  ///          where that did not return in time
  [[nodiscard]] expected<environment>
  make_environment(const std::string& preload, const std::string& whose);

  /// Gives the running call more time.
  /// @param time from now on
  void extend(clock::duration time) noexcept {
    running_.extend(clock::now() + time);
  }

  // -- interrupting it --------------------------------------------------------

  /// Starts to interrupt what runs in that turn, and nothing else.
  /// @param turn that is aimed at
  /// @param why what the call comes to if the exception gets through
  /// @param owner of this, kept alive meanwhile
  /// @returns false where that is under way already, or there is no interpreter
  /// @thread any
  bool interrupt(uint64_t turn, error why, std::shared_ptr<void> owner);

  /// Starts to find out whether the GIL can be had.
  /// @param owner of this, kept alive meanwhile
  /// @thread any
  void probe_gil(std::shared_ptr<void> owner);

  /// @returns whether an attempt of either kind has not come back yet
  /// @thread any
  [[nodiscard]] bool is_interrupting() const {
    return interrupter_.under_way();
  }

  /// Awaits that.
  /// @param deadline until when to wait
  /// @returns whether it came back within `deadline`
  /// @thread any that is not attached
  [[nodiscard]] bool await_interrupter(clock::time_point deadline) const {
    return interrupter_.await(deadline);
  }

  // -- tidying up -------------------------------------------------------------

  /// Something was released whose cycles only a collection frees.
  void note_garbage() noexcept {
    garbage_ = true;
  }

  /// Something may have been printed that is still in a buffer. It is flushed
  /// by the next `tidy_up`, or here where that has not come for long.
  /// @param now the time, if only that of the slice's begin
  void note_output(clock::time_point now);

  /// An actor is about to leave; what it runs is watched until the end of the
  /// slice.
  /// @param watched has the watchdog do so; may be null
  void begin_departure(std::shared_ptr<void> watched) noexcept {
    watched_ = std::move(watched);
  }

  /// The thread was given up: nobody looks after it any more.
  /// @thread any, once that is so
  void stop_watching() noexcept {
    watched_.reset();
  }

  /// An actor has ended, and its Python code. Where it has crashed, the threads
  /// that it has started are to end, too.
  /// @param actor its id
  /// @param crashed whether it did
  /// @param now when the grace of its threads begins
  void note_end(uint64_t actor, bool crashed, clock::time_point now) noexcept;

  /// @param now those are told whose grace has ended by then
  /// @returns as `thread_roll::left_behind`; none where there is no memory to
  ///          say
  std::optional<std::string> threads_left_behind(clock::time_point now);

  /// Releases what waits for it, flushes output, and collects garbage where
  /// there is some, though not all the time. The context sleeps next.
  /// @param now decides whether to collect already
  /// @returns when there is more to do; none where nothing is left
  std::optional<clock::time_point> tidy_up(clock::time_point now);

private:
  void leave_python() noexcept;
  void note_threads(uint64_t whose) noexcept;
  std::optional<clock::time_point> tidy_garbage(clock::time_point now);
  void flush_output(attach_scope& py);
  void collect_garbage();

  [[nodiscard]] bool shares_gil() const noexcept {
    return kind_ == interpreter_kind::main;
  }

  [[noreturn]] void park() noexcept;

  loop::activity& running_;
  interpreter_kind kind_ = interpreter_kind::main;
  interrupter interrupter_;

  mutable std::mutex mtx_;
  // written by the context's thread, which alone reads it without the lock
  std::unique_ptr<interpreter> interpreter_;
  // guarded by mtx_
  std::vector<std::string> lingering_;
  interpreter_stats last_stats_;

  // the context's thread only
  std::optional<attach_scope> attached_;
  std::optional<entry_scope> entry_;
  /// Why the last stretch of Python was interrupted.
  std::optional<error> interruption_;
  thread_roll threads_;
  std::shared_ptr<void> watched_;
  bool garbage_ = false;
  clock::time_point last_collection_{};
  /// The first end of an actor whose output may still be in a buffer.
  std::optional<clock::time_point> unflushed_since_;
};

template <class F>
auto attachment::run(F step) -> decltype(step()) {
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

template <class F>
auto attachment::run_apart(F step) -> decltype(step()) {
  auto& py = attach();

  struct renewal {
    entry_scope& entry;
    attach_scope& py;

    ~renewal() {
      entry.renew(py);
    }
  };

  return run([&] {
    renewal afterwards{*entry_, py};
    return step();
  });
}

} // namespace runtime
} // namespace pyactor
