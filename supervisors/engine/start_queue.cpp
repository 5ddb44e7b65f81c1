#include <pyactor/supervisors/engine/start_queue.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace pyactor::supervisors::engine {

namespace {

using std::chrono::nanoseconds;

/// No two restarts are further apart than this, whatever the rate: a year.
constexpr double longest_interval = 3.15e16;

nanoseconds interval_of(const start_limits& limits) {
  if (!limits.restarts_per_second)
    return nanoseconds::zero();
  auto interval = std::ceil(1e9 / *limits.restarts_per_second);
  return nanoseconds{
    static_cast<int64_t>(std::min(interval, longest_interval))};
}

/// @returns how far ahead of their rate restarts may be
nanoseconds allowance_of(const start_limits& limits) {
  auto ahead = static_cast<double>(interval_of(limits).count())
               * static_cast<double>(limits.restart_burst - 1);
  return nanoseconds{static_cast<int64_t>(std::min(ahead, longest_interval))};
}

} // namespace

start_queue::start_queue(const start_limits& limits)
  : room_(limits.max_concurrent_starts.value_or(
      std::numeric_limits<size_t>::max())),
    interval_(interval_of(limits)), allowance_(allowance_of(limits)) {
  // nop
}

start_number start_queue::enter(start_needs needs) {
  auto who = ++last_;
  auto& what
    = entries_.emplace(who, entry{needs, place::for_rate}).first->second;
  if (needs.rate && interval_ > nanoseconds::zero())
    for_rate_.insert(who);
  else
    queue_for_room(what, who);
  return who;
}

start_verdict start_queue::try_take(start_number who, time_point now) {
  auto& what = entries_.at(who);
  if (what.where == place::for_rate && who == *for_rate_.begin()) {
    if (now < next_restart())
      return wait_until{next_restart()};
    take_restart(now);
    for_rate_.erase(who);
    queue_for_room(what, who);
    call_next_restart();
  }
  if (what.where == place::granted) {
    std::erase(news_, who); // it knows
    return granted{};
  }
  return wait_for_turn{};
}

void start_queue::leave(start_number who) {
  auto known = entries_.find(who);
  auto what = known->second;
  entries_.erase(known);
  std::erase(news_, who);
  switch (what.where) {
    case place::for_rate: {
      auto was_next = who == *for_rate_.begin();
      for_rate_.erase(who);
      if (was_next)
        call_next_restart();
      break;
    }
    case place::for_room:
      for_room_.erase(what.turn);
      break;
    case place::granted:
      starting_ -= what.needs.room;
      fill_room();
      break;
  }
}

std::vector<start_number> start_queue::take_news() {
  return std::exchange(news_, {});
}

/// @pre it is `who` that asks: where there is room, that is no news
void start_queue::queue_for_room(entry& what, start_number who) {
  if (starting_ < room_ || !what.needs.room) { // then nobody waits for room
    what.where = place::granted;
    starting_ += what.needs.room;
    return;
  }
  what.where = place::for_room;
  what.turn = ++last_turn_;
  for_room_.emplace(what.turn, who);
}

/// Gives what room there is to those that have waited longest for it.
void start_queue::fill_room() {
  while (starting_ < room_ && !for_room_.empty()) {
    auto who = for_room_.extract(for_room_.begin()).mapped();
    entries_.at(who).where = place::granted;
    ++starting_;
    news_.push_back(who);
  }
}

/// The restart that is next now has to know when that is.
void start_queue::call_next_restart() {
  if (!for_rate_.empty())
    news_.push_back(*for_rate_.begin());
}

start_queue::time_point start_queue::next_restart() const {
  if (paid_until_ < time_point::min() + allowance_)
    return time_point::min();
  return paid_until_ - allowance_;
}

void start_queue::take_restart(time_point now) {
  paid_until_ = std::max(paid_until_, now) + interval_;
}

} // namespace pyactor::supervisors::engine
