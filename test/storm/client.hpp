#pragma once

#include <pyactor/runtime/runtime.hpp>
#include <pyactor/test/storm/crew.hpp>
#include <pyactor/test/storm/ledger.hpp>
#include <pyactor/test/storm/plan.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

namespace pyactor::test {

/// What all clients of a storm share.
struct storm_ground {
  storm_ground(runtime::runtime& on, std::vector<runtime::placement> where,
               const storm_size& size, size_t clients);

  /// Stops contexts, and from then on excuses what that costs.
  /// @thread any
  void stop(const std::set<size_t>& which);

  /// @param who a pinned actor
  /// @returns the number of its context
  /// @thread any
  [[nodiscard]] std::optional<size_t> home_of(const caf::actor& who) const;

  runtime::runtime& python;
  /// All contexts there are.
  std::vector<runtime::placement> contexts;
  size_t window;
  ledger book;
  crowd members;

private:
  std::map<const runtime::context*, size_t> numbers_;
};

/// A request that is ready to be sent.
struct order {
  caf::actor whom;
  std::variant<runtime::call, runtime::eval, runtime::exec,
               runtime::make_environment>
    what;
  /// The one right answer; none stands for any.
  value wanted = {};
  /// That of `whom`.
  std::optional<size_t> context = {};
};

/// The steps of one client, in turn.
/// @thread the client's
class agenda {
public:
  /// @param stops contexts that the client stops before its middle step
  agenda(std::shared_ptr<storm_ground> ground, size_t client,
         std::vector<step> steps, std::set<size_t> stops = {})
    : ground_(std::move(ground)), client_(client), steps_(std::move(steps)),
      stops_(std::move(stops)) {
  }

  [[nodiscard]] bool done() const noexcept {
    return next_ == steps_.size() || ground_->book.given_up();
  }

  /// Does the next step, up to the sending of its request.
  /// @returns that request; none where the step has none
  std::optional<order> next();

  /// Which step `next` did last.
  [[nodiscard]] request_key key() const noexcept {
    return {client_, next_ - 1};
  }

  /// Notes a request that was sent for the step that `next` did last.
  void note_request(std::optional<size_t> context, const caf::actor_addr& self,
                    caf::message_id response) {
    ground_->book.open(key(), steps_[next_ - 1].what, context, self, response);
  }

  /// Notes what a request has come to.
  void note(request_key key, const expected<value>& outcome,
            const value& wanted) {
    ground_->book.settle(key, outcome, wanted);
  }

  void note(request_key key, const runtime::environment_id& made,
            const value& wanted);

  [[nodiscard]] storm_ground& ground() const noexcept {
    return *ground_;
  }

private:
  std::optional<order> perform(const step& what);
  void spawn(const step& what);
  std::optional<order> ask_member(const step& what) const;
  std::optional<order> use_environment(const step& what, size_t in_context);

  std::shared_ptr<storm_ground> ground_;
  size_t client_;
  std::vector<step> steps_;
  std::set<size_t> stops_;
  size_t next_ = 0;
  /// Explicit environments, by context.
  std::map<size_t, std::vector<runtime::environment_id>> environments_;
};

/// An ordinary CAF actor that has requests. It lives on when they all have
/// their outcomes, so that it sees one too many.
class requester : public caf::event_based_actor {
public:
  /// @param book outlives the actor
  requester(caf::actor_config& config, ledger& book);

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* where) override;

  void on_exit() override;

protected:
  /// As `request`, without a limit; it is counted.
  template <class T>
  auto ask(const caf::actor& whom, T message) {
    ++requests_;
    return request(whom, caf::infinite, std::move(message));
  }

  [[nodiscard]] size_t requests() const noexcept {
    return requests_;
  }

private:
  ledger& book_;
  size_t requests_ = 0;
  /// What has reached the mailbox, whether or not a request waits for it.
  std::atomic<size_t> responses_ = 0;
};

/// A client that is an ordinary CAF actor.
class actor_client : public requester {
public:
  actor_client(caf::actor_config& config, agenda what);

  caf::behavior make_behavior() override;

private:
  void go_on();
  void send(order what);

  agenda agenda_;
  size_t outcomes_ = 0;
  bool finished_ = false;
};

/// A client that is a plain thread. It waits at its end until `calm`, so that
/// it sees an outcome too many.
void run_thread_client(agenda what, const std::shared_future<void>& calm);

} // namespace pyactor::test
