#pragma once

#include <pyactor/runtime/runtime.hpp>
#include <pyactor/test/storm/plan.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace pyactor::test {

/// Names a request: which client, which of its steps.
struct request_key {
  size_t client = 0;
  size_t step = 0;

  friend auto operator<=>(const request_key&, const request_key&) = default;
};

/// What became of the requests of one storm, and what was wrong with that.
/// @thread any
class ledger {
public:
  /// @param clients number of those that will call `finish`
  explicit ledger(size_t clients)
    : running_(clients), outcomes_by_client_(clients) {
  }

  // -- what clients tell ------------------------------------------------------

  void count_steps(size_t n);

  /// A request has been sent, or is about to be.
  /// @param response what its answer will carry
  void open(request_key key, operation what, const caf::actor_addr& client,
            caf::message_id response);

  /// A request has its outcome.
  /// @param wanted the one value that is right; none stands for any
  void settle(request_key key, const expected<value>& outcome,
              const value& wanted = {});

  /// A client has done all its steps and knows all outcomes.
  void finish();

  void add_fault(std::string what);

  /// Whether clients are to leave out the steps that are left.
  [[nodiscard]] bool given_up() const noexcept {
    return given_up_;
  }

  // -- what the storm asks ----------------------------------------------------

  /// From now on actors and environments may go without anybody's doing.
  void allow_losses() noexcept {
    losses_allowed_ = true;
  }

  [[nodiscard]] bool losses_allowed() const noexcept {
    return losses_allowed_;
  }

  /// Waits until the clients have done so many steps, or have finished.
  void await_steps(size_t n, std::chrono::seconds limit);

  /// Waits until all clients have finished. Where that takes too long, each
  /// request without an outcome is a fault and gets an error, so that its
  /// client can go on, to its end.
  void await_clients(std::chrono::seconds limit);

  [[nodiscard]] size_t steps() const;

  /// Outcomes by their names: `value`, or that of an error's code.
  [[nodiscard]] std::map<std::string, size_t> outcomes() const;

  /// How many outcomes each client has.
  [[nodiscard]] std::vector<size_t> outcomes_by_client() const;

  /// What is still to come, one line each: clients that have not finished, and
  /// requests without an outcome.
  [[nodiscard]] std::vector<std::string> outstanding() const;

  [[nodiscard]] std::vector<std::string> faults() const;

private:
  struct entry {
    operation what;
    caf::actor_addr client;
    caf::message_id response;
  };

  [[nodiscard]] bool is_right(operation what, const expected<value>& outcome,
                              const value& wanted) const;

  /// @pre the caller holds mtx_
  [[nodiscard]] std::vector<std::string> still_outstanding() const;

  std::atomic<bool> losses_allowed_ = false;
  std::atomic<bool> given_up_ = false;

  mutable std::mutex mtx_;
  std::condition_variable changed_;
  // guarded by mtx_
  size_t running_;
  size_t steps_ = 0;
  std::map<request_key, entry> open_;
  std::map<std::string, size_t> outcomes_;
  std::vector<size_t> outcomes_by_client_;
  std::vector<std::string> faults_;
};

} // namespace pyactor::test
