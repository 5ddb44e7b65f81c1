#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/statistics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// The latest events of one supervisor or of several, for a reader that may be
/// slow: supervisors never wait for it. What does not fit pushes out what is
/// oldest, and is counted.
/// @thread any; copies are handles to the same stream
class event_stream {
public:
  /// Bound on the wait for an event.
  using duration = std::chrono::nanoseconds;

  /// @param capacity  most events that wait for the reader, at least 1
  /// @throws std::invalid_argument where it is 0
  explicit event_stream(size_t capacity = 1024);

  /// @returns what makes a supervisor write to this stream, for its flags. It
  ///          may outlive this handle.
  [[nodiscard]] std::function<void(const supervision_event&)> observer() const;

  /// Waits for an event, and takes it.
  /// @param timeout  most time to wait; 0 to take only what is there, `forever`
  ///                 for no limit
  /// @returns the oldest one, or none within `timeout`
  [[nodiscard]] std::optional<supervision_event> next(duration timeout) const;

  /// @returns how many events were pushed out before they were read
  [[nodiscard]] uint64_t dropped() const;

private:
  struct state;

  std::shared_ptr<state> state_;
};

} // namespace supervisors
} // namespace pyactor
