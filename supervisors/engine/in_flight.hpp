#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_state.hpp>

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors::engine {

/// The requests that one incarnation has been sent and not answered. CAF alone
/// leaves a request unanswered when its receiver dies with the promise in hand.
/// @thread any
class in_flight : public std::enable_shared_from_this<in_flight> {
public:
  /// Who waits, and for which response.
  struct request {
    /// Who has sent it.
    caf::actor_addr client;
    /// What its response is known by.
    caf::message_id response;
  };

  /// One request's place here. Leaves when it is destroyed.
  /// @thread any, one at a time
  class ticket {
  public:
    /// What `enter` gives out.
    /// @param home kept alive by it
    /// @param place of the request in there
    ticket(std::shared_ptr<in_flight> home, std::list<request>::iterator place);

    ~ticket();

    ticket(const ticket&) = delete;
    ticket& operator=(const ticket&) = delete;

    /// Says that the request has its outcome.
    /// @returns whether it was in time: otherwise the end of the incarnation
    ///          has sent an outcome too, or is about to
    bool settle();

    /// As `settle`, of a request whose outcome is `child_down`: counts it,
    /// unless the end of the incarnation has.
    void lose();

  private:
    std::shared_ptr<in_flight> home_;
    std::list<request>::iterator place_;
    /// What `settle` has returned.
    std::optional<bool> in_time_;
  };

  /// @param incarnation whose requests these are
  /// @param lost counts those that fail with `child_down`
  in_flight(incarnation_id incarnation,
            std::shared_ptr<std::atomic<uint64_t>> lost);

  /// @returns whose requests these are
  [[nodiscard]] incarnation_id incarnation() const noexcept {
    return incarnation_;
  }

  /// Registers a request that has just been sent. If the incarnation has ended
  /// in between, the request is failed right here.
  /// @param what who waits, and for which response
  /// @returns its ticket; null if it was failed
  [[nodiscard]] std::shared_ptr<ticket> enter(request what);

  /// Fails all requests that have no outcome yet, and all that come later.
  /// @param host the clients wake up on it; null leaves that to the scheduler
  void close(caf::execution_unit* host);

private:
  void fail(const request& what, caf::execution_unit* host);

  const incarnation_id incarnation_;
  const std::shared_ptr<std::atomic<uint64_t>> lost_;
  std::mutex mutex_;
  bool closed_ = false;
  std::list<request> requests_;
};

} // namespace supervisors::engine
} // namespace pyactor
