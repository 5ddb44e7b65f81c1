#include <pyactor/runtime/watchdog.hpp>

#include <pyactor/runtime/log.hpp>

#include <algorithm>
#include <utility>

namespace pyactor::runtime {

namespace {

/// A limit below this would keep the watchdog busy for nothing.
constexpr auto shortest_sleep = std::chrono::milliseconds{1};

std::string milliseconds(std::chrono::nanoseconds time) {
  return std::to_string(
           std::chrono::duration_cast<std::chrono::milliseconds>(time).count())
         + " ms";
}

error overran(const watched& where, const loop::activity::snapshot& what,
              std::string_view end) {
  return {.code = errc::hung,
          .message
          = where.name() + ": a call of actor " + std::to_string(what.actor)
            + " hung: it took longer than its max_handler_time of "
            + milliseconds(what.limit) + " and was " + std::string{end}};
}

} // namespace

watchdog::watchdog(settings config) : config_(std::move(config)) {
}

watchdog::~watchdog() = default;

void watchdog::watch(const std::shared_ptr<watched>& one) {
  std::unique_lock guard{mtx_};
  std::erase_if(members_, [](auto& known) { return known->where.expired(); });
  members_.push_back(std::make_shared<member>(member{one, {}, {}}));
}

std::shared_ptr<void> watchdog::expect(clock::duration limit) {
  auto release = [self = weak_from_this(), limit](void*) {
    if (auto still = self.lock())
      still->forget(limit);
  };
  {
    std::unique_lock guard{mtx_};
    ++limits_[limit];
    news_ = true;
    start();
  }
  changed_.notify_one();
  return {this, release};
}

void watchdog::forget(clock::duration limit) {
  std::unique_lock guard{mtx_};
  if (auto found = limits_.find(limit); --found->second == 0)
    limits_.erase(found);
}

void watchdog::start() {
  if (started_ || ended_)
    return;
  auto launched = thread_.start("py:watchdog", 0,
                                [self = shared_from_this()] { self->run(); });
  if (!launched)
    log().error("nobody looks for calls that hang: {}",
                to_string(launched.error()));
  started_ = launched.has_value();
}

void watchdog::end() {
  {
    std::unique_lock guard{mtx_};
    ended_ = true;
  }
  changed_.notify_one();
  std::unique_lock guard{end_mtx_};
  thread_.join();
}

void watchdog::run() {
  std::unique_lock guard{mtx_};
  while (!ended_) {
    if (limits_.empty()) {
      changed_.wait(guard, [this] { return ended_ || !limits_.empty(); });
      continue;
    }
    // A call that begins now is due no earlier than that.
    auto now = clock::now();
    auto soonest
      = now + std::max<clock::duration>(limits_.begin()->first, shortest_sleep);
    news_ = false;
    guard.unlock();
    auto due = look(now).value_or(soonest);
    guard.lock();
    changed_.wait_until(guard, std::clamp(due, now + shortest_sleep, soonest),
                        [this] { return ended_ || news_; });
  }
}

std::optional<watchdog::clock::time_point>
watchdog::look(clock::time_point now) {
  std::vector<std::shared_ptr<member>> members;
  {
    std::unique_lock guard{mtx_};
    members = members_;
  }
  std::optional<clock::time_point> result;
  for (auto& one : members)
    if (auto due = look_at(*one, now); due && (!result || *due < *result))
      result = due;
  return result;
}

std::optional<watchdog::clock::time_point>
watchdog::look_at(member& one, clock::time_point now) {
  using step = loop::overrun::step;
  auto where = one.where.lock();
  if (!where || where->is_given_up())
    return std::nullopt;
  auto runs = where->running().read();
  auto gil_due = look_at_gil(one, *where, runs, now);
  auto advice = one.calls.look(runs, now, config_.grace);
  if (advice.what == step::interrupt) {
    where->interrupt(runs.turn, overran(*where, runs, "interrupted"));
    config_.interrupted(*where, runs);
  }
  if (advice.what == step::give_up)
    config_.give_up({where, runs, overran(*where, runs, "given up")});
  if (!advice.look_at || (gil_due && *gil_due < *advice.look_at))
    return gil_due;
  return advice.look_at;
}

std::optional<watchdog::clock::time_point>
watchdog::look_at_gil(member& one, watched& where,
                      const loop::activity::snapshot& runs,
                      clock::time_point now) {
  using step = loop::gil_probe::step;
  if (!where.shares_gil())
    return std::nullopt;
  auto advice
    = one.gil.look(runs, where.is_interrupting(), now, config_.gil_patience);
  if (advice.what == step::probe)
    where.probe_gil();
  if (advice.what == step::wedged)
    config_.wedged(where, runs);
  return advice.look_at;
}

} // namespace pyactor::runtime
