#include <pyactor/runtime/attachment.hpp>

#include <pyactor/libpyactor/main_interpreter.hpp>

#include <algorithm>
#include <future>
#include <new>
#include <utility>

#include <malloc.h>

namespace pyactor::runtime {

namespace {

/// Going idle again and again, a context collects at most this often.
constexpr auto collection_interval = std::chrono::milliseconds{200};

/// What actors printed that have ended is flushed when the context goes idle;
/// where it does not, with an end that comes so much later.
constexpr auto flush_interval = std::chrono::milliseconds{20};

/// Whose threads are those that no actor has started.
constexpr uint64_t nobody = 0;

} // namespace

// -- life ---------------------------------------------------------------------

expected<void> attachment::open(main_interpreter& python, interpreter_kind kind,
                                const interpreter_limits& limits,
                                std::function<void()> on_release_queued) {
  auto opened = kind == interpreter_kind::main
                  ? interpreter::open_main(python, limits)
                  : interpreter::start_own_gil(python, limits);
  if (!opened)
    return unexpected{std::move(opened).error()};
  (*opened)->on_release_queued(std::move(on_release_queued));
  kind_ = kind;
  std::unique_lock guard{mtx_};
  interpreter_ = std::move(*opened);
  return {};
}

void attachment::close() {
  detach();
  interrupter_.close();
  python_call running{*this};
  auto& py = attach();
  interpreter_->drain_releases(py);
  // Contexts of the main interpreter share a heap: one that has left no garbage
  // does not collect it once more.
  if (garbage_ || !shares_gil())
    interpreter_->collect_garbage(py);
  interpreter_->flush_output(py);
  auto threads = shares_gil() ? std::vector<std::string>{}
                              : interpreter_->running_threads(py);
  entry_.reset();
  attached_.reset();
  std::unique_ptr<interpreter> ending;
  {
    std::unique_lock guard{mtx_};
    lingering_ = std::move(threads);
    last_stats_ = interpreter_->stats();
    ending = std::move(interpreter_);
  }
  ending.reset(); // waits for Python threads, without our lock
  std::unique_lock guard{mtx_};
  lingering_.clear();
}

interpreter_stats attachment::stats() const {
  std::unique_lock guard{mtx_};
  return interpreter_ ? interpreter_->stats() : last_stats_;
}

std::vector<std::string> attachment::lingering_threads() const {
  std::unique_lock guard{mtx_};
  return lingering_;
}

// -- attaching ----------------------------------------------------------------

attach_scope& attachment::attach() {
  if (!attached_) {
    python_call waiting{*this};
    attached_.emplace(*interpreter_);
  }
  if (!entry_) {
    entry_.emplace(*attached_);
    note_threads(nobody); // what other threads have started meanwhile
  }
  return *attached_;
}

void attachment::note_threads(uint64_t whose) noexcept {
  // In the main interpreter, other contexts start threads meanwhile.
  if (!shares_gil())
    threads_.note(*interpreter_, *attached_, whose);
}

void attachment::end_slice() noexcept {
  if (entry_) {
    python_call running{*this}; // values of context variables may go
    entry_.reset();
    note_threads(running_.read().actor);
  }
  watched_.reset();
  interruption_.reset(); // of what no call has come to
  // What runs next may be C++.
  if (shares_gil())
    detach();
}

// -- running Python code ------------------------------------------------------

void attachment::leave_python() noexcept {
  using departure = loop::activity::departure;
  auto how = running_.leave_python();
  if (how == departure::free) [[likely]]
    return;
  if (how == departure::given_up)
    park();
  interruption_ = interrupter_.settle(*attached_);
}

void attachment::park() noexcept {
  // Others need the GIL. What else this thread has may run Python as it goes.
  detach();
  for (std::promise<void> never;;)
    never.get_future().wait();
}

std::optional<error> attachment::take_interruption(const error* how) {
  auto result = std::exchange(interruption_, std::nullopt);
  if (result && how) {
    result->type = how->type;
    result->traceback = how->traceback;
    result->causes = how->causes;
    result->bases = how->bases;
  }
  return result;
}

expected<environment> attachment::make_environment(const std::string& preload,
                                                   const std::string& whose) {
  auto& py = attach();
  return run_apart([&]() -> expected<environment> {
    environment result{py};
    if (preload.empty())
      return result;
    note_threads(running_.read().actor);
    auto ran = result.exec(py, source{preload, "<preload>"});
    note_threads(nobody);
    if (ran)
      return result;
    note_garbage();
    auto why = std::move(ran).error();
    why.message = "the preload of " + whose + " failed: " + why.message;
    return unexpected{std::move(why)};
  });
}

// -- interrupting it ----------------------------------------------------------

bool attachment::interrupt(uint64_t turn, error why,
                           std::shared_ptr<void> owner) {
  std::unique_lock guard{mtx_};
  return interpreter_
         && interrupter_.ask(*interpreter_, running_, turn, std::move(why),
                             std::move(owner));
}

void attachment::probe_gil(std::shared_ptr<void> owner) {
  std::unique_lock guard{mtx_};
  if (interpreter_)
    interrupter_.probe(*interpreter_, std::move(owner));
}

// -- tidying up ---------------------------------------------------------------

void attachment::note_output(clock::time_point now) {
  if (!unflushed_since_)
    unflushed_since_ = now;
  else if (now - *unflushed_since_ >= flush_interval)
    flush_output(attach());
}

void attachment::note_end(uint64_t actor, bool crashed,
                          clock::time_point now) noexcept {
  note_threads(actor);
  threads_.end(actor, crashed, now);
}

std::optional<std::string>
attachment::threads_left_behind(clock::time_point now) {
  if (auto due = threads_.due(); !due || now < *due)
    return std::nullopt;
  auto& py = attach();
  python_call running{*this};
  try {
    return threads_.left_behind(*interpreter_, py, now);
  } catch (const std::bad_alloc&) {
    return std::nullopt; // soon again
  }
}

void attachment::flush_output(attach_scope& py) {
  python_call running{*this};
  interpreter_->flush_output(py);
  unflushed_since_.reset();
}

void attachment::collect_garbage() {
  auto& py = attach();
  {
    python_call running{*this};
    interpreter_->collect_garbage(py);
  }
  garbage_ = false;
  last_collection_ = clock::now();
}

std::optional<attachment::clock::time_point>
attachment::tidy_up(clock::time_point now) {
  auto due = tidy_garbage(now);
  if (!due)
    threads_.rest(clock::now());
  auto threads_due = threads_.due();
  return due && threads_due ? std::min(due, threads_due)
         : due              ? due
                            : threads_due;
}

std::optional<attachment::clock::time_point>
attachment::tidy_garbage(clock::time_point now) {
  if (interpreter_->stats().pending_releases != 0) {
    auto& py = attach();
    python_call running{*this};
    if (interpreter_->drain_releases(py) != 0)
      note_garbage();
  }
  if (unflushed_since_)
    flush_output(attach());
  if (!garbage_)
    return std::nullopt;
  if (auto due = last_collection_ + collection_interval; now < due)
    return due;
  collect_garbage();
  end_slice(); // what follows is C++
  // Freed memory stays with the C library otherwise, which only looks at the
  // top of its heaps.
  malloc_trim(0);
  return std::nullopt;
}

} // namespace pyactor::runtime
