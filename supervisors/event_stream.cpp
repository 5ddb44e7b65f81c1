#include <pyactor/supervisors/event_stream.hpp>

#include <condition_variable>
#include <list>
#include <mutex>
#include <new>
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
  std::list<supervision_event> waiting;
  uint64_t dropped = 0;
  bool closed = false;
};

event_stream::event_stream(size_t capacity)
  : state_(std::make_shared<state>(capacity)) {
  if (capacity == 0)
    throw std::invalid_argument{"event_stream: the capacity must not be 0"};
}

void event_stream::publish(supervision_event event) const noexcept {
  // Made before and freed after the lock, under which lists are only linked.
  std::list<supervision_event> fresh;
  std::list<supervision_event> oldest;
  try {
    fresh.push_back(std::move(event));
  } catch (const std::bad_alloc&) {
    drop();
    return;
  }
  {
    std::unique_lock guard{state_->mutex};
    auto& waiting = state_->waiting;
    if (state_->closed) {
      ++state_->dropped;
      return;
    }
    if (waiting.size() == state_->capacity) {
      oldest.splice(oldest.end(), waiting, waiting.begin());
      ++state_->dropped;
    }
    waiting.splice(waiting.end(), fresh);
  }
  state_->came.notify_one();
}

void event_stream::drop() const noexcept {
  std::unique_lock guard{state_->mutex};
  ++state_->dropped;
}

std::optional<supervision_event> event_stream::next(duration timeout) const {
  std::list<supervision_event> oldest;
  {
    std::unique_lock guard{state_->mutex};
    auto& waiting = state_->waiting;
    auto is_over = [&] { return !waiting.empty() || state_->closed; };
    using clock = std::chrono::steady_clock;
    auto now = clock::now();
    if (timeout >= clock::time_point::max() - now) // there is no such time
      state_->came.wait(guard, is_over);
    else if (timeout > duration::zero()) // even a wait for none sleeps
      state_->came.wait_until(guard, now + timeout, is_over);
    if (waiting.empty())
      return std::nullopt;
    oldest.splice(oldest.end(), waiting, waiting.begin());
  }
  return std::move(oldest.front());
}

void event_stream::close() const noexcept {
  {
    std::unique_lock guard{state_->mutex};
    state_->closed = true;
  }
  state_->came.notify_all();
}

bool event_stream::is_closed() const noexcept {
  std::unique_lock guard{state_->mutex};
  return state_->closed;
}

uint64_t event_stream::dropped() const noexcept {
  std::unique_lock guard{state_->mutex};
  return state_->dropped;
}

} // namespace pyactor::supervisors
