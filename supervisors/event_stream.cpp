#include <pyactor/supervisors/event_stream.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace pyactor::supervisors {

struct event_stream::state {
  explicit state(size_t most) : capacity(most) {
    // nop
  }

  const size_t capacity;
  std::mutex mutex;
  std::condition_variable came;
  // guarded by mutex
  std::deque<supervision_event> waiting;
  uint64_t dropped = 0;
};

event_stream::event_stream(size_t capacity)
  : state_(std::make_shared<state>(capacity)) {
  if (capacity == 0)
    throw std::invalid_argument{"event_stream: the capacity must not be 0"};
}

std::function<void(const supervision_event&)> event_stream::observer() const {
  return [shared = state_](const supervision_event& event) {
    // Copied before and freed after the lock, which is then held for moves.
    auto copy = event;
    std::optional<supervision_event> oldest;
    {
      std::unique_lock guard{shared->mutex};
      if (shared->waiting.size() == shared->capacity) {
        oldest = std::move(shared->waiting.front());
        shared->waiting.pop_front();
        ++shared->dropped;
      }
      shared->waiting.push_back(std::move(copy));
    }
    shared->came.notify_one();
  };
}

std::optional<supervision_event> event_stream::next(duration timeout) const {
  std::unique_lock guard{state_->mutex};
  auto is_there = [&] { return !state_->waiting.empty(); };
  using clock = std::chrono::steady_clock;
  auto now = clock::now();
  if (timeout >= clock::time_point::max() - now) // there is no such time
    state_->came.wait(guard, is_there);
  else if (!state_->came.wait_until(guard, now + timeout, is_there))
    return std::nullopt;
  auto result = std::move(state_->waiting.front());
  state_->waiting.pop_front();
  return result;
}

uint64_t event_stream::dropped() const {
  std::unique_lock guard{state_->mutex};
  return state_->dropped;
}

} // namespace pyactor::supervisors
