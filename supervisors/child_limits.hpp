#pragma once

#include <pyactor/supervisors/restart_intensity.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace pyactor::supervisors {

/// Counts the restarts of one child against the limits of its own spec. The
/// clock is the caller's. Without limits it holds no memory.
/// @thread one at a time
class child_limits {
public:
  using time_point = restart_intensity::time_point;

  /// No limits.
  child_limits() = default;

  /// @param limit  in a sliding window
  /// @param total  in all
  child_limits(std::optional<restart_limit> limit,
               std::optional<uint64_t> total);

  /// Counts a restart.
  /// @returns whether the limits still hold
  /// @pre `now` never goes back
  [[nodiscard]] bool add(time_point now);

  /// Sets other limits. What has been counted counts on; a window that is new
  /// is empty.
  /// @pre `now` never goes back
  void change(std::optional<restart_limit> limit, std::optional<uint64_t> total,
              time_point now);

private:
  /// Apart, because most of many children have none.
  std::unique_ptr<restart_intensity> window_;
  std::optional<uint64_t> total_;
  uint64_t used_ = 0;
};

} // namespace pyactor::supervisors
