#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/statistics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
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

  /// Takes an event in, as the supervisors do whose `supervisor_flags::events`
  /// this is. Waits for no reader. Where there is no memory for the event, it
  /// counts as dropped.
  /// @param event  the readers' from now on
  void publish(supervision_event event) const noexcept;

  /// Counts an event as dropped that there was no memory to make.
  void drop() const noexcept;

  /// Waits for an event, and takes it.
  /// @param timeout  most time to wait; 0 to take only what is there, `forever`
  ///                 for no limit
  /// @returns the oldest one, or none: within `timeout`, or any more, since the
  ///          stream is closed and all that was there is read
  [[nodiscard]] std::optional<supervision_event> next(duration timeout) const;

  /// Takes no more events in: those to come count as dropped. Readers get what
  /// is there, and then wait no longer.
  void close() const noexcept;

  /// @returns whether `close` was called: what is there then is all that comes
  [[nodiscard]] bool is_closed() const noexcept;

  /// @returns how many events no reader will get: they were pushed out before
  ///          they were read, came after `close`, or found no memory
  [[nodiscard]] uint64_t dropped() const noexcept;

private:
  struct state;

  std::shared_ptr<state> state_;
};

} // namespace supervisors
} // namespace pyactor
