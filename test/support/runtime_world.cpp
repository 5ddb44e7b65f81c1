#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <unistd.h>

using namespace std::chrono_literals;

namespace pyactor::test {

namespace {

/// The client looks again.
struct tick {};

} // namespace

} // namespace pyactor::test

PYACTOR_LOCAL_MESSAGE(pyactor::test::tick)

namespace pyactor::test {

runtime::runtime_options one_pool(interpreter_kind kind, size_t size) {
  runtime::runtime_options result;
  result.pools["default"] = {.kind = kind, .size = size};
  return result;
}

std::vector<interpreter_kind> kinds() {
  if (main_interpreter::supports_own_gil())
    return {interpreter_kind::main, interpreter_kind::own_gil};
  return {interpreter_kind::main};
}

// -- world --------------------------------------------------------------------

runtime_world::runtime_world(runtime::runtime_options options)
  : system_(configured()), client_(system_) {
  // On a busy machine an end takes longer than users would wait.
  if (options.stop_deadline == runtime::runtime_options{}.stop_deadline)
    options.stop_deadline = patience;
  auto started = runtime::runtime::start(system_, std::move(options));
  if (!started)
    FAIL(to_string(started.error()));
  python_ = std::move(*started);
  REQUIRE(python_->register_name("test", client_));
}

caf::actor_system_config& runtime_world::configured() {
  runtime::configure(config_);
  config_.set("scheduler.max-threads", 2);
  return config_;
}

caf::actor runtime_world::spawn(const std::string& text, arguments args,
                                const runtime::placement& where,
                                runtime::on_started started) {
  return python_->spawn_python(actor_class::from_source(text, "Main"),
                               std::move(args), where, std::move(started));
}

caf::actor runtime_world::server(size_t index) {
  return python_->context_server_at({.index = index});
}

expected<value> runtime_world::ask(const caf::actor& whom,
                                   runtime::call request) {
  return ask<value>(whom, std::move(request));
}

expected<value> runtime_world::ask(const caf::actor& whom,
                                   runtime::eval request) {
  return ask<value>(whom, std::move(request));
}

expected<value> runtime_world::ask(const caf::actor& whom,
                                   runtime::exec request) {
  return ask<value>(whom, std::move(request));
}

expected<runtime::environment_id>
runtime_world::ask(const caf::actor& whom, runtime::make_environment request) {
  return ask<runtime::environment_id>(whom, std::move(request));
}

expected<void> runtime_world::ask(const caf::actor& whom,
                                  runtime::drop_environment request) {
  expected<void> result;
  client_->request(whom, patience, std::move(request))
    .receive(
      [] {},
      [&](caf::error& why) { result = unexpected{runtime::from_caf(why)}; });
  return result;
}

std::optional<runtime::call>
runtime_world::hear(std::chrono::milliseconds limit) {
  std::optional<runtime::call> result;
  client_->receive([&](runtime::call& what) { result = std::move(what); },
                   caf::after(limit) >> [] {});
  return result;
}

caf::error runtime_world::await_exit(const caf::actor& whom) {
  caf::error reason;
  client_->monitor(whom);
  client_->receive(
    [&](caf::down_msg& down) { reason = std::move(down.reason); });
  return reason;
}

bool runtime_world::eventually(const std::function<bool()>& holds,
                               std::chrono::milliseconds limit) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    client_->delayed_send(client_, 1ms, tick{});
    client_->receive([](tick) {});
  }
  return true;
}

bool runtime_world::await_environments(uint64_t n, size_t index) {
  return eventually([&] { return live_environments(index) == n; });
}

// -- places to wait -----------------------------------------------------------

busy_context::busy_context(runtime_world& world,
                           const runtime::placement& where) {
  auto wait = [door = door_](runtime::python_actor*) {
    auto until = door->opened.get_future();
    door->entered.set_value();
    until.wait();
    return caf::behavior{};
  };
  world.python().spawn_function(where, wait);
  door_->entered.get_future().wait();
}

busy_context::~busy_context() {
  open();
}

void busy_context::open() {
  if (!std::exchange(open_, true))
    door_->opened.set_value();
}

gate::gate() {
  REQUIRE(pipe(fds_) == 0);
}

gate::~gate() {
  for (auto fd : fds_)
    close(fd);
}

void gate::open() noexcept {
  static_cast<void>(!write(fds_[1], "x", 1));
}

// -- failures -----------------------------------------------------------------

bool matches(const error& what, const is_failure& wanted) {
  UNSCOPED_INFO("it was " << to_string(what.code) << ": " << what.type << ": "
                          << what.message);
  return what.code == wanted.code
         && (wanted.type.empty() || what.type == wanted.type)
         && what.message.find(wanted.text) != what.message.npos;
}

} // namespace pyactor::test
