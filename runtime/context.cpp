#include <pyactor/runtime/context.hpp>

#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/runtime/log.hpp>
#include <pyactor/runtime/pinned_base.hpp>

#include <utility>

namespace pyactor::runtime {

context::context(caf::actor_system& system, context_settings config)
  : system_(system), config_(std::move(config)), resident_unit_(system, *this),
    guest_unit_(system, *this), end_(ended_.get_future()) {
}

context::~context() = default;

context_stats context::stats() const {
  context_stats result;
  result.name = name();
  result.kind = kind();
  result.live_actors = residents_.size();
  auto inner = python_.stats();
  result.live_environments = inner.live_environments;
  result.released_environments = inner.released_environments;
  result.queue_length = loop_.size() + inner.pending_releases;
  result.executed_messages = running().messages();
  return result;
}

size_t context::load() const {
  return residents_.size() + python_.stats().live_environments;
}

// -- life ---------------------------------------------------------------------

expected<void> context::open(main_interpreter& python) {
  auto opened = python_.open(python, kind(), config_.limits,
                             [this] { loop_.interrupt(); });
  if (opened)
    current_ = this;
  return opened;
}

expected<void> context::start(python_source python,
                              std::optional<clock::time_point> deadline) {
  auto started = std::make_shared<std::promise<expected<void>>>();
  auto result = started->get_future();
  auto launched
    = run_thread(std::move(python), [started](expected<void> opened) {
        started->set_value(std::move(opened));
      });
  if (!launched)
    return launched;
  if (!deadline || result.wait_until(*deadline) == std::future_status::ready)
    return result.get();
  request_stop(clock::now());
  thread_.detach();
  return fail(errc::start_failed,
              name() + ": its interpreter did not open in time");
}

expected<void> context::launch(python_source python) {
  return run_thread(std::move(python), [this](const expected<void>& opened) {
    if (!opened)
      refuse_all(opened.error());
  });
}

/// @param opened told on the thread, while this lives, what became of the
///               interpreter
expected<void> context::run_thread(python_source python,
                                   std::function<void(expected<void>)> opened) {
  // The thread owns a reference, so that it stays valid if it is given up.
  auto body = [self = shared_from_this(), python, opened] {
    auto main = python.acquire();
    auto outcome
      = main ? self->open(**main) : unexpected{std::move(main).error()};
    auto usable = outcome.has_value();
    opened(std::move(outcome));
    if (usable) {
      log().debug("{}: ready", self->name());
      self->loop_.serve(*self);
      self->close();
    }
    self->ended_.set_value();
    if (main && python.release)
      python.release();
  };
  return thread_.start("py:" + name(), config_.stack_size_bytes, body);
}

/// Ends the actors of a context without an interpreter.
void context::refuse_all(const error& why) {
  log().error("{}: {}", name(), to_string(why));
  unopened_ = why;
  residents_.close();
  loop_.bounce_all(*this);
  for (auto& who : residents_.snapshot())
    pinned_base::behind(who)->abandon(lost());
}

void context::request_stop(clock::time_point kill_at) {
  residents_.close();
  if (!loop_.begin_stop(kill_at))
    return; // unused, it has begun by itself
  for (auto& who : residents_.snapshot())
    send_exit_urgently(who, caf::exit_reason::user_shutdown);
  loop_.interrupt();
}

size_t context::live_residents() const noexcept {
  return residents_.size();
}

/// Between slices no actor runs. One that awaits a response reads no message,
/// not even one that kills.
void context::kill_residents() {
  log().warn("{}: {} actors did not end when asked to and are killed", name(),
             residents_.size());
  for (auto& who : residents_.snapshot())
    if (auto* actor = pinned_base::behind(who); !actor->end_at_rest())
      send_exit_urgently(who, caf::exit_reason::kill);
}

void context::close() {
  loop_.close(*this);
  python_.close();
  current_ = nullptr;
}

void context::forget(pinned_base& who) noexcept {
  residents_.remove(who);
  if (loop_.stopping() || is_retired())
    loop_.interrupt();
}

void context::bounce(caf::resumable* job) {
  auto* actor = dynamic_cast<pinned_base*>(job);
  if (!actor) {
    reschedule(system_, job);
    return;
  }
  // Nobody will resume this actor any more, so this thread may end it.
  actor->abandon(lost());
  caf::intrusive_ptr_release(job);
}

caf::error context::lost() const {
  if (unopened_)
    return to_caf(*unopened_);
  return to_caf(
    error{.code = errc::interpreter_lost,
          .message = "context " + name()
                     + (is_given_up() ? " was given up, because a call in it "
                                        "did not come back; its state is lost"
                                      : " has ended")});
}

bool context::await_end(clock::time_point deadline) const {
  return end_.wait_until(deadline) == std::future_status::ready;
}

std::string context::what_runs() const {
  auto now = running().read();
  if (now.actor == 0)
    return name() + ": "
           + (residents_.size() == 0 ? "its end does not return"
                                     : "actors that do not end: "
                                         + std::to_string(residents_.size()));
  auto since = std::chrono::duration_cast<std::chrono::seconds>(clock::now()
                                                                - now.since);
  return name() + ": actor " + std::to_string(now.actor)
         + " has been running for " + std::to_string(since.count()) + " s";
}

std::shared_future<expected<void>> context::poison(std::string reason) {
  if (config_.is_dedicated) {
    log().warn("{}: poisoned: {}; it ends with its actor", name(), reason);
    std::promise<expected<void>> done;
    done.set_value({});
    return done.get_future().share();
  }
  if (config_.poison)
    if (auto result = config_.poison(*this, std::move(reason)); result.valid())
      return result;
  std::promise<expected<void>> refused;
  refused.set_value(
    fail(errc::interpreter_lost,
         name() + " has no runtime, so that nothing can take its place"));
  return refused.get_future().share();
}

void context::retire() {
  retired_.store(true, std::memory_order_release);
  loop_.interrupt();
}

bool context::give_up(uint64_t turn) {
  if (!loop_.running().give_up(turn))
    return false;
  given_up_.store(true, std::memory_order_release);
  return true;
}

void context::bury(const error& why) {
  auto hung = running().read().actor;
  python_.stop_watching();
  residents_.close();
  loop_.bounce_all(*this);
  for (auto& who : residents_.snapshot())
    pinned_base::behind(who)->abandon(who->id() == hung ? to_caf(why) : lost());
  thread_.detach();
}

std::string context::abandon() {
  thread_.detach();
  if (auto threads = python_.lingering_threads(); !threads.empty())
    return name() + ": Python threads that do not end: "
           + pyactor::runtime::join(threads);
  auto text = what_runs();
  if (!loop_.give_up(*this))
    return text + ", in C++ code";
  // The thread is inside Python and will touch no actor again.
  for (auto& who : residents_.snapshot())
    pinned_base::behind(who)->abandon(lost());
  return text + ", in Python code";
}

bool context::interrupt(uint64_t turn, error why) {
  auto now = running().read();
  if (now.turn != turn || now.actor == 0 || !now.in_python)
    return false;
  return python_.interrupt(turn, std::move(why), shared_from_this());
}

void context::probe_gil() {
  python_.probe_gil(shared_from_this());
}

void context::interrupt_for_stop() {
  auto now = running().read();
  interrupt(now.turn,
            error{.code = errc::interrupted,
                  .message = name() + ": a call of actor "
                             + std::to_string(now.actor)
                             + " was interrupted, because the runtime stops"});
}

} // namespace pyactor::runtime
