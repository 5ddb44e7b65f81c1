#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/while_down.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// Keeps a child from crashing on the same message for ever: counts, over all
/// its incarnations, the crashes on equal messages, and after so many of them
/// refuses the next one. Messages are known by a digest; two that have the same
/// one count as equal.
/// @thread any
class message_breaker {
public:
  /// How many digests it remembers; beyond that it forgets the one that it has
  /// known for longest.
  static constexpr size_t capacity = 1000;

  /// @param child  its id
  /// @param threshold  crashes from which on a message is refused; 0 for never
  /// @param policy  whether refused messages are dead letters
  message_breaker(std::string child, size_t threshold, while_down policy);

  /// Sets what the constructor has set; what was counted stays.
  /// @param threshold  in place of the one before; 0 for never
  /// @param policy     in place of the one before
  void change(size_t threshold, while_down policy);

  /// A new incarnation takes the place of the one before, which may still be
  /// about, and is heeded no more.
  /// @param incarnation  the new one
  void begin(incarnation_id incarnation);

  /// A message is about to be handled.
  /// @param incarnation  by which
  /// @param digest  equal for equal messages, and not 0
  /// @returns false where it is refused: `refuse` follows
  [[nodiscard]] bool admit(incarnation_id incarnation, uint64_t digest);

  /// An incarnation is done with the message that was admitted last, and goes
  /// on.
  /// @param incarnation  which; one that is heeded no more changes nothing
  void settle(incarnation_id incarnation) noexcept;

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
  mutable std::mutex mutex_;
  // guarded by mutex_
  size_t threshold_;
  while_down policy_;
  incarnation_id incarnation_ = 0;
  /// Of the message that is being handled; 0: none.
  uint64_t handled_ = 0;
  std::unordered_map<uint64_t, size_t> crashes_;
  /// The keys of `crashes_`, in the order in which they came.
  std::deque<uint64_t> order_;
};

} // namespace supervisors
} // namespace pyactor
