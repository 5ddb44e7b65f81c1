#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/loop/activity.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace PYACTOR_EXPORT pyactor {
namespace runtime::loop {

/// Whether the GIL of one thread, which is inside Python, can still be had:
/// when it is to be tried, and when that takes too long. Decides only; a
/// function of what it is told.
/// @thread one at a time
class gil_probe {
public:
  /// What times here are of.
  using clock = activity::clock;

  /// What to do.
  enum class step : uint8_t {
    /// Nothing, yet.
    none,
    /// Begin to try whether the GIL can be had.
    probe,
    /// It cannot; told once for each turn.
    wedged,
  };

  /// What to do, and when to look again.
  struct advice {
    /// To be done now.
    step what = step::none;
    /// When to look again at the latest; none where there is nothing to see.
    std::optional<clock::time_point> look_at;
  };

  /// @param runs what the thread runs
  /// @param under_way whether a probe has not come back
  /// @param now the time at which both were read
  /// @param patience how long a turn stays in Python before there is a probe,
  ///                 and how long that may take; 0: there is none
  [[nodiscard]] advice look(const activity::snapshot& runs, bool under_way,
                            clock::time_point now, clock::duration patience) {
    if (!runs.in_python || patience <= clock::duration::zero()) {
      turn_.reset();
      return {};
    }
    if (turn_ != runs.turn || (is_probing_ && !under_way)) {
      turn_ = runs.turn;
      since_ = now;
      is_probing_ = false;
      is_told_ = false;
    }
    if (is_told_)
      return {};
    if (now < since_ + patience)
      return {step::none, since_ + patience};
    if (is_probing_) {
      is_told_ = true;
      return {step::wedged, std::nullopt};
    }
    is_probing_ = true;
    since_ = now;
    return {step::probe, now + patience};
  }

private:
  std::optional<uint64_t> turn_;
  /// When the turn, or the probe, was first seen.
  clock::time_point since_{};
  bool is_probing_ = false;
  bool is_told_ = false;
};

} // namespace runtime::loop
} // namespace pyactor
