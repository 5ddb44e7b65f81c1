#include <pyactor/supervisors/restart_backoff.hpp>

#include <algorithm>
#include <cmath>

namespace pyactor::supervisors {

using std::chrono::nanoseconds;

bool is_valid(const restart_backoff& policy) noexcept {
  return policy.initial > nanoseconds::zero() && policy.initial <= policy.max
         && std::isfinite(policy.factor) && policy.factor >= 1
         && policy.jitter >= 0 && policy.jitter <= 1 // no NaN passes these
         && policy.reset_after > nanoseconds::zero();
}

nanoseconds pause_after(const restart_backoff& policy, uint64_t failures,
                        double random) noexcept {
  // In floating point what is too long becomes infinity, and is cut like all
  // else that is not less than the limit: nothing overflows.
  const auto limit = static_cast<double>(policy.max.count());
  auto exponent = static_cast<double>(std::max<uint64_t>(failures, 1) - 1);
  auto base = static_cast<double>(policy.initial.count())
              * std::pow(policy.factor, exponent);
  auto pause = base * (1 + random * policy.jitter);
  return pause < limit ? nanoseconds{static_cast<int64_t>(pause)} : policy.max;
}

} // namespace pyactor::supervisors
