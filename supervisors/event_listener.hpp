#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/supervisors/statistics.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// Calls a function with each event of supervisors, one after another, in the
/// order in which they came, on a thread of its own: however slow the function
/// is, no supervisor waits for it.
/// @thread any
class event_listener {
public:
  /// What is called with each event.
  using function = std::function<void(const supervision_event&)>;

  /// @param tell      may block; what it throws is logged and counted, and the
  ///                  next event comes all the same
  /// @param capacity  most events that wait for `tell`, at least 1; see
  ///                  `event_stream`
  /// @throws std::invalid_argument where it is 0
  /// @throws std::system_error if there is no thread to be had
  explicit event_listener(function tell, size_t capacity = 1024);

  /// Calls the function with what is there already, and returns when that is
  /// done; what supervisors publish later counts as dropped. On the listener's
  /// own thread, where it cannot wait for that, the call that is under way is
  /// the last one; what is there stays in the stream.
  ~event_listener();

  event_listener(const event_listener&) = delete;
  event_listener& operator=(const event_listener&) = delete;

  /// @returns the stream that the listener reads, for
  ///          `supervisor_flags::events`; `dropped` of it says what the
  ///          function did not hear
  [[nodiscard]] const event_stream& events() const noexcept {
    return events_;
  }

  /// @returns how many exceptions the function has let out
  [[nodiscard]] uint64_t errors() const noexcept {
    return *errors_;
  }

private:
  event_stream events_;
  /// The thread may outlive the listener.
  std::shared_ptr<std::atomic<uint64_t>> errors_;
  std::jthread thread_;
};

} // namespace supervisors
} // namespace pyactor
