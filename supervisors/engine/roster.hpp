#pragma once

#include <pyactor/supervisors/engine/child.hpp>

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace pyactor::supervisors::engine {

/// The children of one supervisor, by start order, by id, and by incarnation,
/// and their numbers. Ids are those of the slots that clients look at: of a
/// hundred thousand children, a second table of them would cost a tenth of the
/// time that they take.
/// A child's address here is stable until it is removed.
/// @thread the supervisor's
class roster {
public:
  using map_type = std::map<start_position, child>;

  /// @param slots  of the supervisor that this belongs to; not null
  explicit roster(std::shared_ptr<child_directory> slots)
    : slots_(std::move(slots)) {
    // nop
  }

  /// Adds a child at the end of the start order, and gives it its slot.
  /// @pre its id is not in use
  child& add(std::string id, std::shared_ptr<const child_spec> spec);

  void remove(const child& who);

  /// Takes up a change of the spec, the state, the ticket or the queue of `who`
  /// in the totals: whoever makes one calls this.
  void recount(child& who);

  [[nodiscard]] const child_numbers& totals() const noexcept {
    return totals_;
  }

  /// Makes `who` the last in the start order.
  void move_to_end(child& who);

  [[nodiscard]] child* find(start_position position);

  [[nodiscard]] child* find(const std::string& id);

  /// @returns the first child at or after `position`
  [[nodiscard]] child* first_from(start_position position);

  /// @returns the last child before `position`
  [[nodiscard]] child* last_before(start_position position);

  /// @returns the child whose incarnation this is, while it lives
  [[nodiscard]] child* find_incarnation(incarnation_id incarnation);

  /// Gives `who` a new incarnation number.
  [[nodiscard]] incarnation_id new_incarnation(child& who);

  /// Forgets an incarnation: what still comes from it is stale.
  void retire(incarnation_id incarnation);

  [[nodiscard]] map_type& children() noexcept {
    return children_;
  }

  [[nodiscard]] const map_type& children() const noexcept {
    return children_;
  }

private:
  std::shared_ptr<child_directory> slots_;
  map_type children_;
  child_numbers totals_;
  std::unordered_map<incarnation_id, child*> by_incarnation_;
  start_position last_position_ = 0;
  incarnation_id last_incarnation_ = 0;
};

} // namespace pyactor::supervisors::engine
