#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/log.hpp>
#include <pyactor/runtime/pinned_base.hpp>
#include <pyactor/runtime/slice.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace pyactor::runtime {

namespace {

/// How long the server of a context that nobody uses has for its end.
constexpr auto server_end = std::chrono::seconds{1};

/// A guest's slice is looked at after so many messages: what CAF does between
/// two calls costs about as much as a message.
constexpr size_t guest_messages = 8;

/// @returns whether the interpreter, more than the code, has failed
bool is_of_interpreter(const error& what) {
  auto is_one = [](const std::string& type) {
    return type == "builtins.MemoryError" || type == "builtins.SystemError";
  };
  return is_one(what.type) || std::ranges::any_of(what.bases, is_one);
}

} // namespace

thread_local context* context::current_ = nullptr;

context* context::current() noexcept {
  return current_;
}

// -- slices -------------------------------------------------------------------

bool context::step() {
  return loop_.step(*this);
}

void context::run_resident(caf::resumable* job) {
  // A pinned actor's `resume` runs a whole slice. Where there is no memory to
  // queue it once more, it goes on at once.
  while (job->resume(&guest_unit_, slice::max_messages)
         == caf::resumable::resume_later)
    if (loop_.push_again(job))
      return;
  caf::intrusive_ptr_release(job);
}

void context::run_guest(caf::resumable* job) {
  auto start = clock::now();
  auto now = start;
  loop_.begin_slice(start);
  // An actor keeps a pointer to the unit that it last ran on: CAF's own
  // outlives it, ours may not.
  auto* unit = system_.dummy_execution_unit();
  auto result = caf::resumable::resume_later;
  for (size_t n = 0; n < slice::max_messages && now - start < slice::max_time;
       n += guest_messages) {
    result = job->resume(unit, guest_messages);
    if (result != caf::resumable::resume_later)
      break;
    now = clock::now();
  }
  loop_.end_slice();
  if (result == caf::resumable::resume_later)
    reschedule(system_, job);
  else
    caf::intrusive_ptr_release(job);
}

void context::end_slice() noexcept {
  running_actor_ = nullptr;
  python_.end_slice();
  loop_.running().end();
  loop_.end_slice();
}

bool context::relieve_guests(clock::time_point now, clock::duration patience) {
  return loop_.relieve_guests(
    now, patience, [this](caf::resumable* job) { reschedule(system_, job); });
}

// -- releases and housekeeping ------------------------------------------------

void context::release(const pinned_base& who, departure what) {
  if (is_given_up())
    what.watched.reset(); // it will never be run
  // In another actor's slice, that one's Python frames may be on the stack.
  if (current() == this && running_actor_ == &who) {
    loop_.running().begin(what.actor, clock::now());
    depart(std::move(what));
    return;
  }
  loop_.leave_behind(std::move(what));
}

void context::run_departure(departure what) {
  auto now = clock::now();
  loop_.begin_slice(now);
  loop_.running().begin(what.actor, now);
  loop_.running().allow(what.limit);
  depart(std::move(what));
  end_slice();
}

void context::depart(departure what) {
  python_.begin_departure(std::move(what.watched));
  // Not the scope of the slice: the actor's context variables are its own.
  auto& py = python_.attach();
  attachment::python_call running{python_};
  if (auto& instance = what.state->instance) {
    if (auto left = instance->on_exit(py, what.reason); !left) {
      log().error("{}: on_exit raised {}\n{}", name(), to_string(left.error()),
                  left.error().traceback);
      if (is_of_interpreter(left.error()) && kind() != interpreter_kind::main)
        poison_or_say_why("on_exit raised " + left.error().type);
    }
    instance->release(py);
  }
  if (auto& env = what.state->env)
    env->release(py);
  auto now = clock::now();
  python_.note_end(what.actor, what.crashed, now);
  look_after_threads(now); // here, too, for contexts that never rest
  python_.note_garbage();
  python_.note_output(loop_.slice_start());
}

/// What crashed actors have left behind in an interpreter, whoever is started
/// again does not find in a fresh one.
void context::look_after_threads(clock::time_point now) {
  if (auto left = python_.threads_left_behind(now); left && !is_retired())
    poison_or_say_why(*std::move(left));
}

void context::poison_or_say_why(std::string reason) {
  try {
    auto outcome = poison(reason);
    if (outcome.wait_for(clock::duration::zero()) == std::future_status::ready
        && !outcome.get())
      log().warn("{}: {}; no other context takes its place: {}", name(), reason,
                 outcome.get().error().message);
  } catch (const std::bad_alloc&) {
    log().error("{}: {}; there is no memory for another one", name(), reason);
  }
}

/// The server is no reason to go on, and goes with the context. One that is
/// dedicated to an actor has none.
bool context::stop_if_unused() {
  const size_t servers = config_.is_dedicated ? 0 : 1;
  if (!is_retired() || loop_.stopping()
      || python_.stats().live_environments != 0
      || (config_.is_bound && config_.is_bound(*this))
      || !residents_.close_if_at_most(servers))
    return false;
  log().info("{}: nothing uses it any more, so it ends", name());
  request_stop(clock::now() + server_end);
  return true;
}

std::optional<context::clock::time_point> context::housekeeping() {
  if (stop_if_unused())
    return std::nullopt;
  auto now = clock::now();
  loop_.begin_slice(now);
  look_after_threads(now);
  auto due = python_.tidy_up(now);
  end_slice();
  return due;
}

void context::detach_idle() noexcept {
  python_.detach();
}

} // namespace pyactor::runtime
