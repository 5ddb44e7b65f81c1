#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace PYACTOR_EXPORT pyactor {
namespace runtime::loop {

/// What one thread is running, for whom and since when: written by that thread,
/// read by any other without a lock.
///
/// It also settles who owns a Python call that does not return: the thread that
/// leaves Python, or the one that gave it up.
/// @thread each function says: `writer` is the thread itself
class activity {
public:
  /// What `begin` takes a time of.
  using clock = std::chrono::steady_clock;

  /// What the thread runs at one moment.
  struct snapshot {
    /// 0: nothing runs.
    uint64_t actor = 0;
    /// When it began; means nothing where nothing runs.
    clock::time_point since;
    /// Whether it is inside Python.
    bool in_python = false;
  };

  /// @thread writer
  void begin(uint64_t actor, clock::time_point now) noexcept {
    since_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    actor_.store(actor, std::memory_order_release);
  }

  /// @thread writer
  void end() noexcept {
    actor_.store(0, std::memory_order_release);
  }

  /// The writer is about to run Python code.
  /// @returns false where it is inside Python already; only the outermost
  ///          stretch is left
  /// @thread writer
  bool enter_python() noexcept {
    if (place_.load(std::memory_order_relaxed) != place::host)
      return false;
    place_.store(place::python, std::memory_order_release);
    return true;
  }

  /// @thread writer
  [[nodiscard]] bool in_python() const noexcept {
    return place_.load(std::memory_order_relaxed) != place::host;
  }

  /// The writer is back from its outermost stretch of Python code.
  /// @returns false where the call was given up in the meantime: the thread
  ///          must then touch nothing any more
  /// @thread writer
  [[nodiscard]] bool leave_python() noexcept {
    return place_.exchange(place::host, std::memory_order_acq_rel)
           != place::given_up;
  }

  /// Gives up on a thread that is inside Python.
  /// @returns false where it is not inside Python
  /// @thread any
  [[nodiscard]] bool give_up() noexcept {
    auto expected = place::python;
    return place_.compare_exchange_strong(expected, place::given_up,
                                          std::memory_order_acq_rel);
  }

  /// Messages handled so far.
  /// @thread writer
  void count_message() noexcept {
    messages_.store(messages_.load(std::memory_order_relaxed) + 1,
                    std::memory_order_relaxed);
  }

  /// @thread any
  [[nodiscard]] uint64_t messages() const noexcept {
    return messages_.load(std::memory_order_relaxed);
  }

  /// @thread any
  [[nodiscard]] snapshot read() const noexcept {
    snapshot result;
    result.actor = actor_.load(std::memory_order_acquire);
    result.since = clock::time_point{
      clock::duration{since_.load(std::memory_order_relaxed)}};
    result.in_python = place_.load(std::memory_order_relaxed) != place::host;
    return result;
  }

private:
  enum class place : uint8_t { host, python, given_up };

  std::atomic<uint64_t> actor_ = 0;
  std::atomic<clock::rep> since_ = 0;
  std::atomic<place> place_ = place::host;
  std::atomic<uint64_t> messages_ = 0;
};

} // namespace runtime::loop
} // namespace pyactor
