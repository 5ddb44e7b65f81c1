#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/runtime/loop/activity.hpp>
#include <pyactor/runtime/loop/gil_probe.hpp>
#include <pyactor/runtime/loop/overrun.hpp>
#include <pyactor/runtime/os_thread.hpp>
#include <pyactor/runtime/watched.hpp>

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
/// not come back from that; and for the shared GIL that cannot be had. It reads
/// what contexts publish and attaches to nothing, so that no Python code holds
/// it up. Its thread starts with the first limit, and sleeps while there is
/// none.
/// @thread any
class watchdog : public std::enable_shared_from_this<watchdog> {
public:
  using clock = loop::activity::clock;

  /// A call that has not come back, for which nothing more can be done.
  struct hung_call {
    std::shared_ptr<watched> where;
    loop::activity::snapshot what;
    /// What the call comes to.
    error why;
  };

  /// What a watchdog looks for, and whom it tells.
  struct settings {
    /// How long an interrupted call has to come back.
    clock::duration grace;
    /// How long a GIL that others need may not be had; 0 for ever.
    clock::duration gil_patience;
    /// Called on the watchdog's thread with a call that it interrupts; must not
    /// block.
    std::function<void(const watched&, const loop::activity::snapshot&)>
      interrupted;
    /// The same, where that has not helped.
    std::function<void(hung_call)> give_up;
    /// The same, with one whose Python code holds the GIL that others need.
    std::function<void(const watched&, const loop::activity::snapshot&)> wedged;
  };

  explicit watchdog(settings config);

  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

  /// @pre `end` was called, or no limit was ever expected
  ~watchdog();

  /// Looks after that context from now on.
  void watch(const std::shared_ptr<watched>& one);

  /// Calls may be limited to `limit`, for as long as the result lives. What is
  /// limited to more is looked after just as well.
  [[nodiscard]] std::shared_ptr<void> expect(clock::duration limit);

  /// Ends the thread. Idempotent.
  /// @thread any but the watchdog's
  void end();

private:
  struct member {
    std::weak_ptr<watched> where;
    loop::overrun calls;
    loop::gil_probe gil;
  };

  void start();
  void run();
  void forget(clock::duration limit);
  std::optional<clock::time_point> look(clock::time_point now);
  std::optional<clock::time_point> look_at(member& one, clock::time_point now);
  std::optional<clock::time_point>
  look_at_gil(member& one, watched& where, const loop::activity::snapshot& runs,
              clock::time_point now);

  const settings config_;

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
