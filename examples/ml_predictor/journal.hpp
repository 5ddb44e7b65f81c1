#pragma once

#include <pyactor/supervisors/event_listener.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
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
  /// @returns where supervisors write what goes in here
  [[nodiscard]] const pyactor::supervisors::event_stream& source() const {
    return listener_.events();
  }

  /// Waits until `count` events of this kind were reported about a child.
  /// @throws interrupted
  ///         failure if it takes longer than half a minute
  void await(supervision_event::kind what, const std::string& id, size_t count,
             const std::stop_token& stop) const;

  /// From the end of each child that crashed to its replacement's readiness.
  [[nodiscard]] std::vector<std::chrono::nanoseconds> restart_latencies() const;

private:
  void note(const supervision_event& event);

  [[nodiscard]] size_t count(supervision_event::kind what,
                             const std::string& id) const;

  mutable std::mutex mtx_;
  mutable std::condition_variable_any changed_;
  // guarded by mtx_
  std::vector<supervision_event> events_;
  /// Last: it uses the others until its end.
  pyactor::supervisors::event_listener listener_{
    [this](const supervision_event& event) { note(event); }};
};

} // namespace ml_predictor
