#pragma once

#include <pyactor/runtime/loop/announcement.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace pyactor::runtime::loop {

/// A thread that looks after guests whose host is busy: while guests are
/// announced, or wait, it looks again and again, and asks the hosts to hand
/// over those that have waited behind one slice for too long. It sleeps when
/// there have been none for a while.
/// @thread any, but for the constructor, the destructor and `end`
class guest_relief {
public:
  using clock = std::chrono::steady_clock;

  /// How long a slice may last before the guests behind it go elsewhere.
  static constexpr auto patience = std::chrono::milliseconds{1};

  /// Hands over what has waited too long; called on this object's thread.
  /// @returns whether guests still wait
  using inspection = std::function<bool(clock::time_point now)>;

  /// Looks once in a `period`, and sleeps after so many `quiet_rounds`.
  explicit guest_relief(inspection inspect, clock::duration period = patience,
                        int quiet_rounds = 50)
    : inspect_(std::move(inspect)), period_(period),
      quiet_rounds_(quiet_rounds),
      thread_([this](std::stop_token stop) { run(stop); }) {
  }

  /// A guest was queued. Two loads while this object is awake.
  void announce() noexcept {
    if (!guests_.announce())
      return;
    std::unique_lock guard{mtx_};
    guests_.wake();
    wake_up_.notify_one();
  }

  /// Ends the thread, so that this object may then die on any thread, even on
  /// one that an inspection released it on. Idempotent.
  void end() {
    thread_.request_stop();
    if (thread_.joinable())
      thread_.join();
  }

  [[nodiscard]] std::thread::native_handle_type native_handle() {
    return thread_.native_handle();
  }

private:
  void run(std::stop_token stop) {
    std::unique_lock guard{mtx_};
    int quiet = quiet_rounds_;
    bool waiting = false;
    while (!stop.stop_requested()) {
      quiet = guests_.look() || waiting ? 0 : quiet + 1;
      if (quiet > quiet_rounds_) {
        if (guests_.lie_down())
          wake_up_.wait(guard, stop, [this] { return guests_.is_awake(); });
        quiet = 0;
      }
      wake_up_.wait_for(guard, stop, period_, [] { return false; });
      guard.unlock();
      waiting = inspect_(clock::now());
      guard.lock();
    }
  }

  inspection inspect_;
  clock::duration period_;
  /// Rounds without a guest before this object sleeps.
  int quiet_rounds_;
  std::mutex mtx_;
  std::condition_variable_any wake_up_;
  announcement guests_;
  std::jthread thread_;
};

} // namespace pyactor::runtime::loop
