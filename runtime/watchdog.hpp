#pragma once

#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/loop/overrun.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace pyactor::runtime {

/// Looks for calls that take too long, has them interrupted, and tells who does
/// not come back from that. It reads what contexts publish and attaches to
/// nothing, so that no Python code holds it up. Its thread starts with the
/// first limit, and sleeps while there is none.
/// @thread any
class watchdog : public std::enable_shared_from_this<watchdog> {
public:
  using clock = context::clock;

  /// A call that has not come back, for which nothing more can be done.
  struct hung_call {
    std::shared_ptr<context> where;
    loop::activity::snapshot what;
    /// What the call comes to.
    error why;
  };

  /// @param grace how long an interrupted call has to come back
  /// @param give_up called on the watchdog's thread; must not block
  watchdog(clock::duration grace, std::function<void(hung_call)> give_up);

  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

  /// @pre `end` was called, or no limit was ever expected
  ~watchdog();

  /// Looks after that context from now on.
  void watch(const std::shared_ptr<context>& one);

  /// Calls may be limited to `limit`, for as long as the result lives. What is
  /// limited to more is looked after just as well.
  [[nodiscard]] std::shared_ptr<void> expect(clock::duration limit);

  /// Ends the thread. Idempotent.
  /// @thread any but the watchdog's
  void end();

private:
  struct member {
    std::weak_ptr<context> where;
    loop::overrun calls;
  };

  void start();
  void run();
  void forget(clock::duration limit);
  std::optional<clock::time_point> look(clock::time_point now);
  std::optional<clock::time_point> look_at(member& one, clock::time_point now);

  const clock::duration grace_;
  const std::function<void(hung_call)> give_up_;

  std::mutex end_mtx_; // held while the thread is joined
  std::mutex mtx_;
  std::condition_variable changed_;
  // guarded by mtx_
  std::vector<std::shared_ptr<member>> members_;
  std::map<clock::duration, size_t> limits_;
  bool news_ = false;
  bool started_ = false;
  bool ended_ = false;

  os_thread thread_;
};

} // namespace pyactor::runtime
