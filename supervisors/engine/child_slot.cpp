#include <pyactor/supervisors/engine/child_slot.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pyactor::supervisors::engine {

namespace {

/// @returns the view of a child that does not run, shared by all such
const child_slot::view_ptr& plain_view(child_status status) {
  static const auto views = [] {
    std::array<child_slot::view_ptr, 7> result;
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = std::make_shared<const child_view>(
        child_view{.status = static_cast<child_status>(i)});
    return result;
  }();
  return views[static_cast<size_t>(status)];
}

/// Leads to the slot of that id in the incarnation of a supervisor that runs.
class nested_slot final : public child_slot {
public:
  /// @param supervisor  the slot of the supervisor
  /// @param home        kept: whoever looks for this slot meanwhile finds it
  nested_slot(std::shared_ptr<child_slot> supervisor,
              std::shared_ptr<child_directory> home, std::string id)
    : supervisor_(std::move(supervisor)), home_(std::move(home)),
      id_(std::move(id)) {
    // nop
  }

  view_ptr look() const noexcept override {
    auto above = supervisor_->look();
    if (above->children)
      return above->children->slot(id_)->look();
    // A worker has no children.
    return plain_view(above->handle ? child_status::unknown
                                    : child_status::supervisor_down);
  }

private:
  const std::shared_ptr<child_slot> supervisor_;
  const std::shared_ptr<child_directory> home_;
  const std::string id_;
};

} // namespace

child_slot::child_slot() : view_(plain_view(child_status::unknown)) {
  // nop
}

child_slot::~child_slot() = default;

child_slot::view_ptr child_slot::look() const noexcept {
  std::unique_lock guard{mutex_};
  return view_;
}

std::shared_ptr<child_directory> child_slot::below() {
  std::unique_lock guard{mutex_};
  auto result = below_.lock();
  if (!result)
    below_ = result = std::make_shared<child_directory>(shared_from_this());
  return result;
}

void child_slot::show(child_view view) {
  auto is_plain
    = !view.handle && !view.reception && view.retry_after.count() == 0;
  set(is_plain ? plain_view(view.status)
               : std::make_shared<const child_view>(std::move(view)));
}

void child_slot::show(child_status status) {
  set(plain_view(status));
}

void child_slot::set(view_ptr view) {
  // What it replaces goes after the lock.
  std::unique_lock guard{mutex_};
  view_.swap(view);
  guard.unlock();
}

child_directory::child_directory(std::shared_ptr<child_slot> supervisor)
  : supervisor_(std::move(supervisor)) {
  // nop
}

std::shared_ptr<child_slot> child_directory::make_slot(const std::string& id) {
  if (supervisor_)
    return std::make_shared<nested_slot>(supervisor_, shared_from_this(), id);
  return std::make_shared<child_slot>();
}

std::shared_ptr<child_slot> child_directory::slot(const std::string& id) {
  std::unique_lock guard{mutex_};
  auto& known = slots_[id];
  if (auto result = known.lock())
    return result;
  auto result = make_slot(id);
  if (closed_)
    result->show(child_status::supervisor_down);
  known = result;
  drop_unused();
  return result;
}

std::shared_ptr<child_slot> child_directory::find(const std::string& id) {
  std::unique_lock guard{mutex_};
  auto known = slots_.find(id);
  return known == slots_.end() ? nullptr : known->second.lock();
}

void child_directory::close() {
  std::unique_lock guard{mutex_};
  closed_ = true;
  for (auto& [id, known] : slots_)
    if (auto slot = known.lock())
      slot->show(child_status::supervisor_down);
}

void child_directory::drop_unused() {
  if (slots_.size() < high_mark_)
    return;
  std::erase_if(slots_,
                [](const auto& entry) { return entry.second.expired(); });
  high_mark_ = std::max<size_t>(64, 2 * slots_.size());
}

} // namespace pyactor::supervisors::engine
