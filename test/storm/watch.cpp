#include <pyactor/test/storm/watch.hpp>

#include <algorithm>
#include <utility>

namespace pyactor::test {

watch::watch(duration interval, std::function<void()> tick,
             std::function<void()> late)
  : interval_(std::chrono::duration_cast<clock_type::duration>(interval)),
    tick_(std::move(tick)), late_(std::move(late)),
    thread_([this](const std::stop_token& stop) { run(stop); }) {
}

void watch::begin_stage(duration limit) {
  std::unique_lock guard{mtx_};
  deadline_ = clock_type::now()
              + std::chrono::duration_cast<clock_type::duration>(limit);
  changed_.notify_all();
}

void watch::run(const std::stop_token& stop) {
  auto call = [](std::unique_lock<std::mutex>& guard, auto& what) {
    guard.unlock(); // the next stage can begin meanwhile
    what();
    guard.lock();
  };
  std::unique_lock guard{mtx_};
  auto next_tick = clock_type::now() + interval_;
  while (!stop.stop_requested()) {
    auto known = deadline_;
    changed_.wait_until(guard, stop, std::min(next_tick, known),
                        [&] { return deadline_ != known; });
    auto now = clock_type::now();
    if (stop.stop_requested() || deadline_ != known)
      continue;
    if (now >= deadline_) {
      deadline_ = clock_type::time_point::max();
      call(guard, late_);
    } else if (now >= next_tick) {
      next_tick += interval_;
      call(guard, tick_);
    }
  }
}

} // namespace pyactor::test
