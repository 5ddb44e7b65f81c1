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
#include <optional>
#include <set>
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
  /// @param context of whom it asks; none where that is not known
  /// @param response what its answer will carry
  void open(request_key key, operation what, std::optional<size_t> context,
            const caf::actor_addr& client, caf::message_id response);

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

  /// From now on actors and environments of these contexts may go without
  /// anybody's doing; those of the others may not.
  void allow_losses(const std::set<size_t>& contexts);

  /// @param context none for one that is not known, which may be any
  [[nodiscard]] bool losses_allowed(std::optional<size_t> context) const;

  /// @returns all contexts for which losses are allowed
  [[nodiscard]] std::set<size_t> stopped() const;

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
    std::optional<size_t> context;
    caf::actor_addr client;
    caf::message_id response;
  };

  /// @pre the caller holds mtx_
  [[nodiscard]] bool is_right(const entry& asked,
                              const expected<value>& outcome,
                              const value& wanted) const;

  /// @pre the caller holds mtx_
  [[nodiscard]] bool may_be_lost(std::optional<size_t> context) const;

  /// @pre the caller holds mtx_
  [[nodiscard]] std::vector<std::string> still_outstanding() const;

  std::atomic<bool> given_up_ = false;

  mutable std::mutex mtx_;
  std::condition_variable changed_;
  // guarded by mtx_
  size_t running_;
  size_t steps_ = 0;
  std::set<size_t> stopped_;
  std::map<request_key, entry> open_;
  std::map<std::string, size_t> outcomes_;
  std::vector<size_t> outcomes_by_client_;
  std::vector<std::string> faults_;
};

} // namespace pyactor::test
