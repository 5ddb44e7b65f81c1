#pragma once

#include <atomic>

namespace pyactor::runtime::loop {

/// Something new that one thread, which may be asleep, has to look at. What is
/// announced after its last look either keeps it from sleeping or wakes it.
///
/// Each side writes its own flag before it reads the other's, in one order for
/// all threads, so that they cannot miss each other (Dekker's algorithm).
class announcement {
public:
  /// There is something new. Two loads while the other side is awake.
  /// @returns whether the other side is to be woken: `wake` follows
  /// @thread any
  [[nodiscard]] bool announce() noexcept {
    if (!announced_.load(std::memory_order_relaxed))
      announced_.store(true);
    return !awake_.load();
  }

  /// @thread any, under the lock that sleep is awaited with
  void wake() noexcept {
    awake_.store(true);
  }

  /// @returns whether something was announced since the last look
  /// @thread the one that may sleep
  [[nodiscard]] bool look() noexcept {
    return announced_.exchange(false);
  }

  /// Sleep is next.
  /// @returns false where something was announced since the last look
  /// @thread the one that may sleep, under the lock
  [[nodiscard]] bool lie_down() noexcept {
    awake_.store(false);
    if (!announced_.load())
      return true;
    awake_.store(true);
    return false;
  }

  /// @returns whether it does not sleep
  [[nodiscard]] bool is_awake() const noexcept {
    return awake_.load();
  }

private:
  std::atomic<bool> announced_ = false;
  std::atomic<bool> awake_ = true;
};

} // namespace pyactor::runtime::loop
