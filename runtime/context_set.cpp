#include <pyactor/runtime/context_set.hpp>

#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/runtime/context_server.hpp>
#include <pyactor/runtime/log.hpp>
#include <pyactor/runtime/os_thread.hpp>
#include <pyactor/runtime/spawn.hpp>

#include <algorithm>
#include <utility>

namespace pyactor::runtime {

namespace {

/// How long the clients of a lost context wait for its replacement.
constexpr auto start_time = std::chrono::seconds{2};

/// Before another attempt at a replacement.
constexpr auto retry_pause = std::chrono::seconds{1};

/// Awaits that whoever interrupts what runs in `lost` comes by the GIL.
/// @returns whether a fresh context could come by it, too
bool await_gil(context& lost, context::clock::time_point deadline) {
  return !lost.shares_gil() || lost.python().await_interrupter(deadline);
}

expected<void> can_be_poisoned(const context& where, bool closed) {
  if (where.shares_gil())
    return fail(errc::unsupported,
                where.name()
                  + " is of kind main: all of these share one interpreter, "
                    "which nothing can replace; use a pool of kind own_gil");
  if (closed || where.is_given_up() || where.is_stopping())
    return fail(
      errc::interpreter_lost,
      where.name()
        + (closed ? ": the runtime has been stopped" : " is lost already"));
  return {};
}

} // namespace

context_set::context_set(caf::actor_system& system,
                         std::shared_ptr<router> routes, maker how)
  : system_(system), routes_(std::move(routes)), how_(std::move(how)) {
}

/// @returns all but its name and its pool's
context_settings context_set::settings_of(const pool_options& what) {
  context_settings result;
  {
    std::unique_lock guard{mtx_};
    result.id = next_id_++;
  }
  result.kind = what.kind;
  result.preload = what.preload;
  result.stack_size_bytes = what.stack_size_bytes;
  result.max_handler_time = what.max_handler_time;
  how_.complete(result);
  return result;
}

std::shared_ptr<context> context_set::make(const std::string& pool,
                                           size_t index,
                                           const pool_options& what) {
  auto config = settings_of(what);
  config.name = pool + '/' + std::to_string(index);
  config.pool = pool;
  return std::make_shared<context>(system_, std::move(config));
}

expected<void> context_set::start_pool(const std::string& name,
                                       const pool_options& what) {
  std::vector<std::shared_ptr<context>> members;
  for (size_t i = 0; i < what.size; ++i) {
    auto one = make(name, i, what);
    if (auto started = one->start(how_.python()); !started)
      return started;
    how_.announce(one);
    {
      std::unique_lock guard{mtx_};
      contexts_.push_back(one);
    }
    members.push_back(std::move(one));
  }
  routes_->add(std::make_unique<pool>(name, what, std::move(members)));
  return {};
}

void context_set::start_servers() {
  for (auto& one : all()) {
    auto server = spawn_on<context_server>(*one);
    std::unique_lock guard{mtx_};
    servers_.emplace(one.get(), std::move(server));
  }
}

std::vector<std::shared_ptr<context>> context_set::all() const {
  std::unique_lock guard{mtx_};
  auto result = contexts_;
  result.insert(result.end(), retired_.begin(), retired_.end());
  return result;
}

std::vector<std::shared_ptr<context>> context_set::given_up() const {
  std::unique_lock guard{mtx_};
  return given_up_;
}

expected<std::shared_ptr<context>>
context_set::dedicate(const std::string& pool) {
  if (!main_interpreter::supports_own_gil())
    return fail(errc::unsupported,
                "a context of its own takes an interpreter with its own GIL, "
                "which needs CPython 3.14 or newer");
  auto like = routes_->find(pool);
  if (!like)
    return unexpected{std::move(like).error()};
  auto config = settings_of((*like)->options());
  config.kind = interpreter_kind::own_gil;
  config.is_dedicated = true;
  config.pool = pool;
  config.name = pool + "/dedicated-" + std::to_string(config.id);
  auto fresh = std::make_shared<context>(system_, std::move(config));
  how_.announce(fresh);
  {
    std::vector<std::shared_ptr<context>> gone; // outlives the lock
    std::unique_lock guard{mtx_};
    if (closed_)
      return fail(errc::interpreter_lost, "the runtime has been stopped");
    gone = join_ended();
    retired_.reserve(retired_.size() + 1);
    if (auto launched = fresh->launch(how_.python()); !launched)
      return unexpected{std::move(launched).error()};
    retired_.push_back(fresh);
  }
  auto* raw = fresh.get();
  return std::shared_ptr<context>{
    raw, [owner = std::move(fresh)](context* one) { one->retire(); }};
}

caf::actor context_set::server_of(const context& where) const {
  std::unique_lock guard{mtx_};
  return servers_.at(&where);
}

std::vector<caf::actor> context_set::servers() const {
  std::vector<caf::actor> result;
  std::unique_lock guard{mtx_};
  for (auto& [where, server] : servers_)
    result.push_back(server);
  return result;
}

// -- replacement --------------------------------------------------------------

bool context_set::replace(const std::shared_ptr<context>& lost, uint64_t turn,
                          const error& why) {
  {
    std::unique_lock guard{mtx_};
    if (closed_ || !lost->give_up(turn))
      return false;
    ++under_way_;
    given_up_.push_back(lost);
  }
  log().error("{}; the context is given up", why.message);
  run_apart([this, lost, turn, why](bool may_wait) {
    bury(lost, why, may_wait);
    // Where somebody else kept the GIL, nothing has been raised in the call; it
    // would run for ever, beside its replacement.
    lost->interrupt(turn, why);
  });
  return true;
}

std::shared_future<expected<void>>
context_set::poison(const std::shared_ptr<context>& where,
                    const std::string& reason) {
  std::promise<expected<void>> outcome;
  auto result = outcome.get_future().share();
  {
    std::unique_lock guard{mtx_};
    if (auto known = poisoned_.find(where.get()); known != poisoned_.end())
      return known->second;
    if (auto good = can_be_poisoned(*where, closed_); !good) {
      outcome.set_value(std::move(good));
      return result;
    }
    poisoned_.emplace(where.get(), result);
    ++under_way_;
  }
  log().warn("{}: poisoned: {}; another one takes its place", where->name(),
             reason);
  run_apart([this, where,
             told = std::make_shared<std::promise<expected<void>>>(
               std::move(outcome))](bool) {
    auto replaced
      = start_in_place_of(where, context::clock::now() + start_time);
    if (replaced) {
      retire(where);
    } else {
      log().error("{}: stays in use, although it was poisoned: {}",
                  where->name(), replaced.error().message);
      forgive(where);
    }
    told->set_value(std::move(replaced));
  });
  return result;
}

size_t context_set::poisoned() const {
  std::unique_lock guard{mtx_};
  return replaced_;
}

/// Nothing could take its place, so it goes on; one may try again.
void context_set::forgive(const std::shared_ptr<context>& poisoned) {
  std::unique_lock guard{mtx_};
  poisoned_.erase(poisoned.get());
}

/// Runs what may take a while on a thread of its own. Where there is none, the
/// caller's has to do, and `body` is told not to keep it waiting.
void context_set::run_apart(std::function<void(bool may_wait)> body) {
  auto all = [self = shared_from_this(), body = std::move(body)](bool apart) {
    body(apart);
    std::unique_lock guard{self->mtx_};
    --self->under_way_;
    self->changed_.notify_all();
  };
  os_thread thread;
  if (thread.start("py:replace", 0, [all] { all(true); }))
    thread.detach();
  else
    all(false);
}

/// Whoever starts again what has lived there finds no place as long as nothing
/// could be started in it, so that is tried again and again.
void context_set::bury(const std::shared_ptr<context>& lost, const error& why,
                       bool may_wait) {
  auto deadline = context::clock::now() + start_time;
  if (may_wait && !await_gil(*lost, deadline)) {
    lost->note_wedged_gil();
    how_.wedged(*lost);
  }
  // Without a thread for this, there is none for a fresh one either.
  auto replaced = may_wait ? start_in_place_of(lost, deadline)
                           : fail(errc::start_failed, "no thread can be had");
  lost->bury(why);
  if (!replaced)
    log().error("{}: is not replaced{}: {}", lost->name(),
                may_wait ? " yet" : "", to_string(replaced.error()));
  while (!replaced && may_wait && wait_to_try_again())
    replaced = start_in_place_of(lost, context::clock::now() + start_time);
}

/// @returns false where the set was closed meanwhile
bool context_set::wait_to_try_again() {
  std::unique_lock guard{mtx_};
  return !changed_.wait_for(guard, retry_pause, [this] { return closed_; });
}

expected<void>
context_set::start_in_place_of(const std::shared_ptr<context>& lost,
                               context::clock::time_point deadline) {
  if (!await_gil(*lost, deadline))
    return fail(errc::start_failed,
                "its call keeps the GIL, which a fresh one needs, too");
  auto home = routes_->find(lost->config().pool);
  if (!home)
    return unexpected{std::move(home).error()};
  auto names = (*home)->contexts();
  auto index = std::ranges::find(names, lost) - names.begin();
  if (static_cast<size_t>(index) == names.size())
    return {}; // another one has its place already
  auto fresh
    = make(lost->config().pool, static_cast<size_t>(index), (*home)->options());
  auto started = fresh->start(how_.python(), deadline);
  if (!started)
    return started;
  how_.announce(fresh);
  if (install(lost, fresh))
    (*home)->replace(*lost, fresh);
  else
    retire(fresh); // poisoned and given up at once: the other one was faster
  return {};
}

bool context_set::install(const std::shared_ptr<context>& lost,
                          const std::shared_ptr<context>& fresh) {
  auto server = spawn_on<context_server>(*fresh);
  std::unique_lock guard{mtx_};
  servers_.emplace(fresh.get(), std::move(server));
  auto place = std::ranges::find(contexts_, lost);
  if (place == contexts_.end())
    return false;
  *place = fresh;
  return true;
}

void context_set::retire(const std::shared_ptr<context>& unused) {
  std::vector<std::shared_ptr<context>> gone; // outlives the lock
  std::unique_lock guard{mtx_};
  gone = join_ended();
  retired_.push_back(unused);
  replaced_ += poisoned_.contains(unused.get());
  unused->retire();
}

/// Joins the threads of those that have ended; the lock is held.
/// @returns the dedicated ones, to which nothing refers any more
std::vector<std::shared_ptr<context>> context_set::join_ended() {
  std::vector<std::shared_ptr<context>> result;
  auto ended = std::ranges::partition(
    retired_, [](auto& one) { return one->is_given_up() || !one->is_over(); });
  for (auto& one : ended) {
    one->join();
    (one->config().is_dedicated ? result : ended_).push_back(one);
  }
  retired_.erase(ended.begin(), ended.end());
  return result;
}

void context_set::close() {
  std::unique_lock guard{mtx_};
  closed_ = true;
  changed_.notify_all();
  changed_.wait(guard, [this] { return under_way_ == 0; });
}

} // namespace pyactor::runtime
