#pragma once

#include <pyactor/supervisors/probe.hpp>

#include <chrono>
#include <cstdint>

/// What becomes of the answers to a probe, as pure functions.
namespace pyactor::supervisors {

/// How one probe of an incarnation stands. When it is due follows from this and
/// from the probe's times, which may change meanwhile.
struct probe_state {
  using time_point = std::chrono::steady_clock::time_point;

  /// Whether all is well, as far as is known.
  bool passing = false;
  /// Whether the last question is open.
  bool waiting = false;
  /// In a row; no more are counted than the thresholds need.
  uint32_t misses = 0;
  uint32_t successes = 0;
  /// Of the last question; 0 if none was asked. What answers another one is
  /// stale.
  uint64_t number = 0;
  /// When the last question was asked, or the probe began.
  time_point since{};

  friend bool operator==(const probe_state&, const probe_state&) = default;
};

/// What one outcome comes to.
enum class probe_verdict : uint8_t {
  /// Nothing new.
  none,
  /// All is well, and was not before.
  passed,
  /// There have been too many misses in a row, this one among them.
  failed,
};

/// How a probe stands after an outcome, and what that comes to.
struct probe_result {
  probe_state next;
  probe_verdict verdict = probe_verdict::none;

  friend bool operator==(const probe_result&, const probe_result&) = default;
};

/// @returns when the open question takes too long; otherwise when the next one
///          is to be asked, which may be in the past; `time_point::max()` for
///          never
[[nodiscard]] probe_state::time_point due(const probe_state& state,
                                          const probe& policy) noexcept;

/// @returns `state` with a question of this number, asked now
[[nodiscard]] probe_state asked(probe_state state, uint64_t number,
                                probe_state::time_point now) noexcept;

/// @param success otherwise it was a miss
[[nodiscard]] probe_result heard(probe_state state, const probe& policy,
                                 bool success) noexcept;

} // namespace pyactor::supervisors
