#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/engine/in_flight.hpp>
#include <pyactor/supervisors/engine/reception.hpp>
#include <pyactor/supervisors/error.hpp>
#include <pyactor/supervisors/restart_strategy.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors::engine {

class child_directory;

/// What clients see of a child at one moment.
/// @thread any; never changed once it is shown
struct child_view {
  /// What people get to see.
  child_status status = child_status::unknown;
  /// Set, and null otherwise, while the child runs.
  caf::actor handle{};
  /// As `handle`: what the incarnation has not answered.
  std::shared_ptr<in_flight> requests{};
  /// The whole pause that it makes; meaningful while it restarts.
  std::chrono::nanoseconds retry_after{0};
  /// Where messages go while `handle` is null; null: they fail.
  std::shared_ptr<engine::reception> reception{};
  /// As `handle`, of a supervisor: where it shows its own children.
  std::shared_ptr<child_directory> children{};

  /// @returns whether messages cannot go to `handle` right now, but elsewhere
  [[nodiscard]] bool takes_detour() const noexcept {
    return reception && (!handle || reception->is_crowded());
  }
};

/// Where a supervisor shows the current incarnation of one child to clients on
/// every thread. It holds the incarnation's handle only while the child runs.
/// @thread any; `show` and `position` only by the supervisor
class child_slot : public std::enable_shared_from_this<child_slot> {
public:
  /// Never null.
  using view_ptr = std::shared_ptr<const child_view>;

  child_slot();

  virtual ~child_slot();

  child_slot(const child_slot&) = delete;
  child_slot& operator=(const child_slot&) = delete;

  /// @returns the child as it was shown last
  [[nodiscard]] virtual view_ptr look() const noexcept;

  /// @returns the children of this child, a supervisor, as whichever
  ///          incarnation of it shows them; the same for as long as anybody
  ///          holds it, or a slot of it
  /// @pre this is owned by a shared pointer
  [[nodiscard]] std::shared_ptr<child_directory> below();

  /// Shows a child as it is now.
  /// @param view  read by all clients from now on
  void show(child_view view);

  /// Shows a child that does not run and has no reception.
  /// @param status  what it does instead
  void show(child_status status);

  /// Where the child is in its supervisor's start order; 0 while there is none
  /// of this id. The supervisor's own, on its thread: nobody else may look.
  start_position position = 0;

private:
  void set(view_ptr view);

  // Not std::atomic: a load of GCC 12's does not keep what it reads from being
  // read after its end.
  mutable std::mutex mutex_;
  view_ptr view_; // guarded by mutex_; never null
  /// Holds this slot in turn. Guarded by mutex_.
  std::weak_ptr<child_directory> below_;
};

/// The slots of one supervisor by child id, or those of whichever incarnation
/// of a child supervisor runs. A slot is found again for as long as anybody
/// holds it, also after its child was deleted and added anew.
/// @thread any
class child_directory : public std::enable_shared_from_this<child_directory> {
public:
  /// Of one supervisor, which shows its children in the slots.
  child_directory() = default;

  /// Of the incarnations of a child, as `child_slot::below` makes it: the slots
  /// look at those of the one that runs, and nothing is shown in them.
  /// @param supervisor  the child's; not null
  explicit child_directory(std::shared_ptr<child_slot> supervisor);

  /// @param id  of any child, whether there is one or not
  /// @returns the slot for `id`, made on demand
  [[nodiscard]] std::shared_ptr<child_slot> slot(const std::string& id);

  /// @param id  of any child, whether there is one or not
  /// @returns the slot for `id`, null where nobody holds one
  [[nodiscard]] std::shared_ptr<child_slot> find(const std::string& id);

  /// Marks every slot: no child of this supervisor comes back.
  void close();

private:
  [[nodiscard]] std::shared_ptr<child_slot> make_slot(const std::string& id);
  void drop_unused();

  /// Null for that of one supervisor.
  const std::shared_ptr<child_slot> supervisor_;
  std::mutex mutex_;
  bool closed_ = false;
  size_t high_mark_ = 64;
  std::unordered_map<std::string, std::weak_ptr<child_slot>> slots_;
};

} // namespace supervisors::engine
} // namespace pyactor
