#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/engine/in_flight.hpp>
#include <pyactor/supervisors/error.hpp>
#include <pyactor/supervisors/while_down.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors::engine {

struct child_view;

/// Passes a message on to a child. A request gets exactly one outcome: that of
/// the incarnation, or `child_down`.
/// @param view  shows the child
/// @param what  a message, or a request
/// @param host  the receiver wakes up on it; null leaves that to the scheduler
/// @pre `view.handle` is set
/// @thread any
void pass_on(const child_view& view, caf::mailbox_element_ptr what,
             caf::execution_unit* host);

/// Answers a request; does nothing about other messages.
/// @param why   the answer
/// @param what  a message, or a request
/// @param host  the client wakes up on it; null leaves that to the scheduler
/// @thread any
void refuse(const child_unavailable& why, const caf::mailbox_element& what,
            caf::execution_unit* host);

/// Where messages go that find their child not taking any, as its spec has it.
/// @thread any; `show` only by the supervisor
class reception {
public:
  /// Of CAF's clock.
  using time_point = std::chrono::steady_clock::time_point;

  /// @param child   the id, for those who are told
  /// @param policy  what becomes of messages
  reception(std::string child, while_down policy);

  /// @returns whether messages wait: what comes now must not overtake them
  [[nodiscard]] bool is_crowded() const noexcept {
    return crowded_.load(std::memory_order_acquire);
  }

  /// Passes `what` on, keeps it, or refuses it.
  /// @param what  a message, or a request
  /// @param proxy  that it has come through; calls `expire` at its timeout,
  ///               which is set and called off here
  /// @param host  the execution unit of the proxy
  void take(caf::mailbox_element_ptr what, caf::abstract_actor& proxy,
            caf::execution_unit* host);

  /// Refuses what has waited for too long.
  /// @param proxy  whose timeout this is
  /// @param host  as above
  void expire(caf::abstract_actor& proxy, caf::execution_unit* host);

  /// Lets in all who wait if the child takes messages now; sends them away if
  /// none of its incarnations will.
  /// @param view  what the child's clients get to see next
  /// @param host  the child and the clients wake up on it; null leaves that to
  ///              the scheduler
  void show(const child_view& view, caf::execution_unit* host);

private:
  struct visitor {
    caf::mailbox_element_ptr what;
    time_point until;
  };

  /// When `expire` will be called, and by whom.
  struct alarm {
    time_point when;
    caf::actor_addr proxy;
  };

  void set_alarm(caf::abstract_actor& proxy);
  [[nodiscard]] caf::strong_actor_ptr call_off_alarm();
  [[nodiscard]] child_unavailable obstacle() const noexcept;

  const std::string child_;
  const while_down policy_;
  std::atomic<bool> crowded_ = false;
  std::mutex mutex_;
  /// What the supervisor has shown last; does not lead back here.
  std::shared_ptr<const child_view> view_;
  std::deque<visitor> visitors_;
  /// Set exactly while somebody waits who will not wait for ever.
  std::optional<alarm> alarm_;
};

} // namespace supervisors::engine
} // namespace pyactor
