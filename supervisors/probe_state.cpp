#include <pyactor/supervisors/probe_state.hpp>

#include <algorithm>

namespace pyactor::supervisors {

namespace {

using time_point = probe_state::time_point;

time_point after(time_point start, std::chrono::nanoseconds pause) noexcept {
  return pause < time_point::max() - start ? start + pause : time_point::max();
}

/// @returns one more than `count`, which stops at `threshold`
uint32_t one_more(uint32_t count, uint32_t threshold) noexcept {
  return std::min(count, threshold - 1) + 1;
}

} // namespace

time_point due(const probe_state& state, const probe& policy) noexcept {
  if (state.waiting)
    return after(state.since, policy.timeout);
  return after(state.since,
               state.number == 0 ? policy.initial_delay : policy.period);
}

probe_state asked(probe_state state, uint64_t number, time_point now) noexcept {
  state.waiting = true;
  state.number = number;
  state.since = now;
  return state;
}

probe_result heard(probe_state state, const probe& policy,
                   bool success) noexcept {
  state.waiting = false;
  auto verdict = probe_verdict::none;
  if (success) {
    state.misses = 0;
    state.successes = one_more(state.successes, policy.success_threshold);
    if (!state.passing && state.successes >= policy.success_threshold) {
      state.passing = true;
      verdict = probe_verdict::passed;
    }
  } else {
    state.successes = 0;
    state.misses = one_more(state.misses, policy.failure_threshold);
    if (state.misses >= policy.failure_threshold) {
      state.passing = false;
      verdict = probe_verdict::failed;
    }
  }
  return {state, verdict};
}

} // namespace pyactor::supervisors
