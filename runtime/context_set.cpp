#include <pyactor/runtime/context_set.hpp>

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

} // namespace

context_set::context_set(caf::actor_system& system,
                         std::shared_ptr<router> routes, maker how)
  : system_(system), routes_(std::move(routes)), how_(std::move(how)) {
}

std::shared_ptr<context> context_set::make(const std::string& pool,
                                           size_t index,
                                           const pool_options& what) {
  context::settings config;
  {
    std::unique_lock guard{mtx_};
    config.id = next_id_++;
  }
  config.name = pool + '/' + std::to_string(index);
  config.pool = pool;
  config.kind = what.kind;
  config.preload = what.preload;
  config.stack_size_bytes = what.stack_size_bytes;
  config.max_handler_time = what.max_handler_time;
  how_.complete(config);
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
  return contexts_;
}

std::vector<std::shared_ptr<context>> context_set::given_up() const {
  std::unique_lock guard{mtx_};
  return given_up_;
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
  auto body = [self = shared_from_this(), lost, why] {
    self->start_in_place_of(lost);
    lost->bury(why);
    std::unique_lock guard{self->mtx_};
    --self->under_way_;
    self->idle_.notify_all();
  };
  os_thread thread;
  if (thread.start("py:replace", 0, body))
    thread.detach();
  else
    body();
  return true;
}

void context_set::start_in_place_of(const std::shared_ptr<context>& lost) {
  if (lost->kind() == interpreter_kind::main && lost->is_interrupting()) {
    lost->note_wedged_gil();
    how_.wedged(*lost);
    return;
  }
  auto home = routes_->find(lost->pool_name());
  if (!home)
    return;
  auto names = (*home)->contexts();
  auto index = std::ranges::find(names, lost) - names.begin();
  auto fresh
    = make(lost->pool_name(), static_cast<size_t>(index), (*home)->options());
  auto started
    = fresh->start(how_.python(), context::clock::now() + start_time);
  if (!started) {
    log().error("{}: is not replaced: {}", lost->name(),
                to_string(started.error()));
    return;
  }
  how_.announce(fresh);
  install(lost, fresh);
  (*home)->replace(*lost, fresh);
}

void context_set::install(const std::shared_ptr<context>& lost,
                          const std::shared_ptr<context>& fresh) {
  auto server = spawn_on<context_server>(*fresh);
  std::unique_lock guard{mtx_};
  std::ranges::replace(contexts_, lost, fresh);
  servers_.emplace(fresh.get(), std::move(server));
}

void context_set::close() {
  std::unique_lock guard{mtx_};
  closed_ = true;
  idle_.wait(guard, [this] { return under_way_ == 0; });
}

} // namespace pyactor::runtime
