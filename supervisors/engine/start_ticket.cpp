#include <pyactor/supervisors/engine/start_ticket.hpp>

#include <pyactor/supervisors/engine/signals.hpp>

#include <utility>

namespace pyactor::supervisors::engine {

// -- throttle_state -----------------------------------------------------------

throttle_state::throttle_state(const start_limits& limits)
  : limits_(limits), queue_(limits) {
  // nop
}

start_number throttle_state::enter(start_needs needs, start_waiter who) {
  std::unique_lock guard{mutex_};
  auto result = queue_.enter(needs);
  if (!queue_.is_granted(result))
    waiters_.emplace(result, std::move(who));
  return result;
}

start_verdict
throttle_state::try_take(start_number who,
                         std::chrono::steady_clock::time_point now) {
  std::unique_lock guard{mutex_};
  auto result = queue_.try_take(who, now);
  if (std::holds_alternative<granted>(result))
    waiters_.erase(who);
  auto others = take_news();
  guard.unlock();
  spread(others);
  return result;
}

void throttle_state::leave(start_number who) {
  std::unique_lock guard{mutex_};
  queue_.leave(who);
  waiters_.erase(who);
  auto others = take_news();
  guard.unlock();
  spread(others);
}

size_t throttle_state::waiting() const {
  std::unique_lock guard{mutex_};
  return queue_.waiting();
}

size_t throttle_state::starting() const {
  std::unique_lock guard{mutex_};
  return queue_.starting();
}

/// @pre the mutex is held
throttle_state::news throttle_state::take_news() {
  news result;
  for (auto who : queue_.take_news())
    result.push_back(waiters_.at(who));
  return result;
}

/// @pre the mutex is not held: whoever wakes up may be run right here
void throttle_state::spread(const news& what) {
  for (const auto& who : what)
    runtime::send_urgently(runtime::upgrade(who.supervisor), nullptr,
                           start_turn{who.child});
}

// -- start_ticket -------------------------------------------------------------

start_ticket::start_ticket(std::shared_ptr<throttle_state> limits,
                           start_needs needs, start_waiter who)
  : limits_(std::move(limits)), number_(limits_->enter(needs, std::move(who))) {
  // nop
}

start_ticket::~start_ticket() {
  if (limits_)
    limits_->leave(number_);
}

start_ticket::start_ticket(start_ticket&& other) noexcept
  : limits_(std::exchange(other.limits_, nullptr)),
    number_(std::exchange(other.number_, 0)),
    waits_(std::exchange(other.waits_, false)) {
  // nop
}

start_ticket& start_ticket::operator=(start_ticket other) noexcept {
  std::swap(limits_, other.limits_);
  std::swap(number_, other.number_);
  std::swap(waits_, other.waits_);
  return *this;
}

start_verdict
start_ticket::try_take(std::chrono::steady_clock::time_point now) {
  auto result
    = limits_ ? limits_->try_take(number_, now) : start_verdict{granted{}};
  waits_ = !std::holds_alternative<granted>(result);
  return result;
}

} // namespace pyactor::supervisors::engine
