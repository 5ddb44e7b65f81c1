#include <pyactor/supervisors/engine/child.hpp>

namespace pyactor::supervisors::engine {

namespace {

/// How often a stop that may take for ever is reported.
constexpr auto stall_interval = std::chrono::seconds{10};

} // namespace

exit_info condemned_exit(const child& who, bool abandoned) {
  auto result = *who.condemned;
  if (abandoned)
    result.message += "; it did not end although it was killed";
  return result;
}

child_numbers& child_numbers::operator+=(const child_numbers& more) noexcept {
  supervisors += more.supervisors;
  live += more.live;
  active += more.active;
  throttled += more.throttled;
  orders += more.orders;
  return *this;
}

child_numbers& child_numbers::operator-=(const child_numbers& less) noexcept {
  supervisors -= less.supervisors;
  live -= less.live;
  active -= less.active;
  throttled -= less.throttled;
  orders -= less.orders;
  return *this;
}

std::optional<exit_info> last_exit_of(const child& who) {
  if (who.last_exit)
    return *who.last_exit;
  return std::nullopt;
}

child_numbers share_of(const child& who) {
  auto status = status_of(who.state);
  auto throttled = who.ticket.waits();
  return {.supervisors = who.spec->type == child_type::supervisor,
          .live = who.state.phase != child_phase::stopped,
          .active = !throttled && status != child_status::stopped
                    && status != child_status::restarting,
          .throttled = throttled,
          .orders = who.queue.size()};
}

bool is_ready(const child& who) {
  if (who.state.phase != child_phase::running || !who.spec->readiness)
    return who.state.phase == child_phase::running;
  auto known = who.probes.find(probe_kind::readiness);
  return known != who.probes.end() && known->second.passing;
}

bool takes_force(child_type type, const child_state& state) {
  return type == child_type::supervisor && state.step == stop_step::killed;
}

std::chrono::nanoseconds time_for_step(const child_state& state,
                                       const stop_policy& policy) {
  if (state.step != stop_step::asked)
    return policy.kill_grace;
  switch (policy.mode) {
    case stop_mode::brutal_kill:
      break;
    case stop_mode::timed:
      return policy.timeout;
    case stop_mode::infinity:
      return stall_interval;
  }
  return std::chrono::nanoseconds::zero();
}

std::chrono::nanoseconds time_for_step(const child& who) {
  return who.state.phase == child_phase::stopping
           ? time_for_step(who.state, *who.spec->shutdown)
           : *who.spec->start_timeout;
}

} // namespace pyactor::supervisors::engine
