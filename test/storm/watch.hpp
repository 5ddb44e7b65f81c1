#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace pyactor::test {

/// Looks after what another thread does, stage by stage, on a thread of its
/// own, which goes on where the other one hangs.
/// @thread one, but for `tick` and `late`: those run on the thread of the watch
class watch {
public:
  using duration = std::chrono::duration<double>;

  /// @param interval between two calls of `tick`
  /// @param late     called once for each stage that exceeds its limit
  watch(duration interval, std::function<void()> tick,
        std::function<void()> late);

  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;

  /// Waits for a call that runs.
  ~watch() = default;

  /// A stage begins, and the one before it has ended.
  void begin_stage(duration limit);

private:
  using clock_type = std::chrono::steady_clock;

  void run(const std::stop_token& stop);

  const clock_type::duration interval_;
  const std::function<void()> tick_;
  const std::function<void()> late_;

  std::mutex mtx_;
  std::condition_variable_any changed_;
  // guarded by mtx_
  clock_type::time_point deadline_ = clock_type::time_point::max();

  /// Uses all of the above.
  std::jthread thread_;
};

} // namespace pyactor::test
