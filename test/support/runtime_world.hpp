#pragma once

#include <pyactor/runtime/runtime.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pyactor::test {

/// Longer than anything that works takes; a test that waits so long fails.
inline constexpr auto patience = std::chrono::seconds{60};

/// Options with one pool, `default`.
[[nodiscard]] runtime::runtime_options one_pool(interpreter_kind kind,
                                                size_t size = 1);

/// The kinds that this CPython has.
[[nodiscard]] std::vector<interpreter_kind> kinds();

/// Sends a request as `self`, which may block, and awaits its outcome.
template <class T, class Self, class Request>
expected<T> outcome(Self& self, const caf::actor& whom, Request request) {
  expected<T> result = unexpected{error{errc::timed_out, "no outcome"}};
  self.request(whom, patience, std::move(request))
    .receive(
      [&](T& answer) { result = std::move(answer); },
      [&](caf::error& why) { result = unexpected{runtime::from_caf(why)}; });
  return result;
}

/// An actor system with a runtime, and a client. Python code reaches the client
/// by the name "test".
class runtime_world {
public:
  explicit runtime_world(runtime::runtime_options options
                         = one_pool(interpreter_kind::main));

  [[nodiscard]] caf::actor_system& system() noexcept {
    return system_;
  }

  [[nodiscard]] runtime::runtime& python() noexcept {
    return *python_;
  }

  [[nodiscard]] caf::scoped_actor& client() noexcept {
    return client_;
  }

  /// Ends the runtime, before the actor system.
  void drop_runtime() {
    python_.reset();
  }

  /// Spawns an actor written in Python, class `Main` of this source.
  caf::actor spawn(const std::string& text, arguments args = {},
                   const runtime::placement& where = {},
                   runtime::on_started started = {});

  /// The actor behind a context of the pool `default`.
  [[nodiscard]] caf::actor server(size_t index = 0);

  // -- requests of the client -------------------------------------------------

  /// Sends a request and awaits its outcome.
  template <class T, class Request>
  expected<T> ask(const caf::actor& whom, Request request) {
    return outcome<T>(*client_.operator->(), whom, std::move(request));
  }

  expected<value> ask(const caf::actor& whom, runtime::call request);
  expected<value> ask(const caf::actor& whom, runtime::eval request);
  expected<value> ask(const caf::actor& whom, runtime::exec request);
  expected<runtime::environment_id> ask(const caf::actor& whom,
                                        runtime::make_environment request);
  expected<void> ask(const caf::actor& whom, runtime::drop_environment request);

  /// Calls a method and awaits its outcome.
  template <class... Ts>
  expected<value> call(const caf::actor& whom, std::string method, Ts... xs) {
    return ask(whom, make_call(std::move(method), std::move(xs)...));
  }

  template <class... Ts>
  static runtime::call make_call(std::string method, Ts... xs) {
    return {std::move(method), {.positional = {value{xs}...}}};
  }

  // -- events -----------------------------------------------------------------

  /// Awaits what Python code sends to "test".
  /// @returns none where nothing came in time
  std::optional<runtime::call> hear(std::chrono::milliseconds limit = patience);

  /// Awaits the end of an actor.
  /// @returns its exit reason
  caf::error await_exit(const caf::actor& whom);

  /// Looks at every tick of the actor system's clock whether `holds`.
  /// @returns whether it did in time
  bool eventually(const std::function<bool()>& holds,
                  std::chrono::milliseconds limit = patience);

  [[nodiscard]] runtime::context_stats stats(size_t index = 0) const {
    return python_->stats().at(index);
  }

  [[nodiscard]] uint64_t live_environments(size_t index = 0) const {
    return stats(index).live_environments;
  }

  /// @returns whether a context holds `n` environments soon
  bool await_environments(uint64_t n, size_t index = 0);

private:
  caf::actor_system_config& configured();

  caf::actor_system_config config_;
  caf::actor_system system_;
  caf::scoped_actor client_;
  std::unique_ptr<runtime::runtime> python_;
};

/// Keeps a context's thread busy, outside of Python, until `open`, so that
/// what is sent to its actors meanwhile queues up.
/// @thread the test's
class busy_context {
public:
  explicit busy_context(runtime_world& world,
                        const runtime::placement& where = {});

  busy_context(const busy_context&) = delete;
  busy_context& operator=(const busy_context&) = delete;

  ~busy_context();

  void open();

private:
  /// Shared with the handler, which may be slow to let go of it.
  struct door {
    std::promise<void> entered;
    std::promise<void> opened;
  };

  bool open_ = false;
  std::shared_ptr<door> door_ = std::make_shared<door>();
};

/// A place at which Python code can wait: `os.read(fd, 1)`.
class gate {
public:
  gate();

  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  ~gate();

  [[nodiscard]] int fd() const noexcept {
    return fds_[0];
  }

  /// Lets one reader pass.
  void open() noexcept;

private:
  int fds_[2];
};

/// What a failure must be.
struct is_failure {
  errc code;
  std::string type = {};
  /// A part of the message.
  std::string text = {};
};

/// @returns whether `what` failed as expected; tells Catch what it did instead
bool matches(const error& what, const is_failure& wanted);

template <class T>
bool fails(const expected<T>& what, const is_failure& wanted) {
  return matches(
    what ? error{errc::timed_out, "it did not fail"} : what.error(), wanted);
}

} // namespace pyactor::test
