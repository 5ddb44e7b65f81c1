#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/fwd.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// The pinned actors of one context that have not ended.
/// @thread any
class resident_list {
public:
  /// @param who must not go before its `remove`
  /// @returns false where the list is closed
  bool add(pinned_base& who);

  /// Takes an actor out.
  /// @param who need not be in the list
  void remove(pinned_base& who) noexcept;

  /// Refuses further actors.
  void close() noexcept;

  /// Closes the list unless it holds too many.
  /// @param count how many it may hold
  /// @returns whether it is closed
  bool close_if_at_most(size_t count) noexcept;

  /// @returns handles to those that are not being destroyed at this moment
  [[nodiscard]] std::vector<caf::strong_actor_ptr> snapshot() const;

  /// @param id of an actor
  /// @returns that actor; null where it is not here, or is being destroyed
  [[nodiscard]] caf::strong_actor_ptr find(caf::actor_id id) const;

  /// @returns how many there are
  [[nodiscard]] size_t size() const noexcept {
    return size_.load(std::memory_order_relaxed);
  }

private:
  mutable std::mutex mtx_;
  pinned_base* first_ = nullptr;
  bool closed_ = false;
  std::atomic<size_t> size_ = 0;
};

} // namespace runtime
} // namespace pyactor
