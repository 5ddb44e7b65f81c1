#pragma once

#include <pyactor/supervisors/statistics.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace ml_predictor {

using pyactor::supervisors::supervision_event;

/// What supervisors report: which child ended, which came back, and when.
/// @thread any
class journal {
public:
  /// @returns the observer for a supervisor, which this object must outlive
  [[nodiscard]] std::function<void(const supervision_event&)> observer();

  /// Waits until `count` events of this kind were reported about a child.
  /// @throws interrupted
  ///         failure if it takes longer than half a minute
  void await(supervision_event::kind what, const std::string& id, size_t count,
             const std::stop_token& stop) const;

  /// From the end of each child that crashed to its replacement's readiness.
  [[nodiscard]] std::vector<std::chrono::nanoseconds> restart_latencies() const;

private:
  [[nodiscard]] size_t count(supervision_event::kind what,
                             const std::string& id) const;

  mutable std::mutex mtx_;
  mutable std::condition_variable_any changed_;
  // guarded by mtx_
  std::vector<supervision_event> events_;
};

} // namespace ml_predictor
