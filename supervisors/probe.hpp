#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// How a supervisor asks a child how it is, again and again. One question of a
/// probe is open at a time; what is answered later than `timeout` is ignored.
struct probe {
  /// Sent to the child as a request, ahead of what waits in its mailbox. `true`
  /// and Python's `True` are a success; any other answer, an error, and no
  /// answer in time are a miss. `probe_method` makes one for Python children.
  caf::message question{};
  /// From one question to the next; longer where an answer takes longer.
  std::chrono::nanoseconds period = std::chrono::seconds{10};
  /// How long an answer may take.
  std::chrono::nanoseconds timeout = std::chrono::seconds{1};
  /// From the beginning to the first question.
  std::chrono::nanoseconds initial_delay{0};
  /// So many misses in a row are a failure.
  uint32_t failure_threshold = 3;
  /// After so many successes in a row all is well.
  uint32_t success_threshold = 1;
};

/// What a probe is for.
enum class probe_kind : uint8_t {
  /// Whether the start is over.
  startup,
  /// Whether the child is to be killed.
  liveness,
  /// Whether the child is to be given requests.
  readiness,
};

/// @param what  a probe of any kind; that a liveness probe wants one success is
///              not looked at
/// @returns whether there is a question, `period` and `timeout` are positive,
///          `initial_delay` is not negative, and the thresholds are at least 1
[[nodiscard]] bool is_valid(const probe& what) noexcept;

/// @param kind  a number that is none of them is `unknown`
/// @returns the enumerator's name
[[nodiscard]] std::string_view to_string(probe_kind kind) noexcept;

} // namespace supervisors
} // namespace pyactor
