#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/engine/start_queue.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace pyactor::supervisors::engine {

/// Who is told with a `start_turn` to ask again, and about which child.
struct start_waiter {
  caf::actor_addr supervisor;
  std::string child;
};

/// What all copies of a `start_throttle` share.
/// @thread any
class PYACTOR_HIDDEN throttle_state {
public:
  /// @pre the limits are valid
  explicit throttle_state(const start_limits& limits);

  start_number enter(start_needs needs, start_waiter who);

  start_verdict try_take(start_number who,
                         std::chrono::steady_clock::time_point now);

  void leave(start_number who);

  [[nodiscard]] const start_limits& limits() const noexcept {
    return limits_;
  }

  [[nodiscard]] size_t waiting() const;

  [[nodiscard]] size_t starting() const;

private:
  using news = std::vector<start_waiter>;

  news take_news();

  static void spread(const news& what);

  const start_limits limits_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  start_queue queue_;
  std::unordered_map<start_number, start_waiter> waiters_;
};

/// One start that keeps to the limits, from when it is wanted to when it is
/// over. What it has taken, or waits for, is given back with it.
/// @thread one at a time
class start_ticket {
public:
  /// One that keeps to none.
  start_ticket() noexcept = default;

  start_ticket(std::shared_ptr<throttle_state> limits, start_needs needs,
               start_waiter who);

  ~start_ticket();

  start_ticket(start_ticket&& other) noexcept;
  start_ticket& operator=(start_ticket other) noexcept;

  /// @returns whether the start may begin
  start_verdict try_take(std::chrono::steady_clock::time_point now);

  /// @returns whether it was told to wait when it asked last
  [[nodiscard]] bool waits() const noexcept {
    return waits_;
  }

private:
  std::shared_ptr<throttle_state> limits_;
  start_number number_ = 0;
  bool waits_ = false;
};

} // namespace pyactor::supervisors::engine
