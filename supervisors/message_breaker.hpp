#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/while_down.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// Keeps a child from crashing on the same message for ever: counts, over all
/// its incarnations, the crashes on equal messages, and after so many of them
/// refuses the next one. Messages are known by a digest; two that have the same
/// one count as equal.
/// @thread any: one incarnation at a time handles messages, while the
/// supervisor
///         counts
class message_breaker {
public:
  /// How many digests it remembers at most; then it forgets those below the
  /// threshold.
  static constexpr size_t capacity = 1000;

  /// @param child  its id
  /// @param threshold  crashes from which on a message is refused; positive
  /// @param policy  whether refused messages are dead letters
  message_breaker(std::string child, size_t threshold, while_down policy);

  /// A message is about to be handled.
  /// @param digest  equal for equal messages, and not 0
  /// @returns false where it is refused: `refuse` follows
  [[nodiscard]] bool admit(uint64_t digest);

  /// The message that was admitted last is no more handled, and no crash is due
  /// to it.
  void settle() noexcept;

  /// The incarnation has crashed.
  /// @returns whether the message that it was handling is refused from now on
  bool note_crash();

  /// Sends a dead letter, where the policy wants one.
  /// @param sender  of the message; null if nobody
  /// @param content  the message
  /// @returns the error for who has asked, `sup_errc::poison_message`
  [[nodiscard]] caf::error refuse(caf::strong_actor_ptr sender,
                                  caf::message content) const;

private:
  const std::string child_;
  const size_t threshold_;
  const while_down policy_;
  std::mutex mutex_;
  // guarded by mutex_
  /// Of the message that is being handled; 0: none.
  uint64_t handled_ = 0;
  std::unordered_map<uint64_t, size_t> crashes_;
};

} // namespace supervisors
} // namespace pyactor
