#include <pyactor/runtime/resident_list.hpp>

#include <pyactor/runtime/pinned_base.hpp>

namespace pyactor::runtime {

bool resident_list::add(pinned_base& who) {
  std::unique_lock guard{mtx_};
  if (closed_)
    return false;
  who.next_ = first_;
  if (first_)
    first_->previous_ = &who;
  first_ = &who;
  who.listed_ = true;
  size_.store(size() + 1, std::memory_order_relaxed);
  return true;
}

void resident_list::remove(pinned_base& who) noexcept {
  std::unique_lock guard{mtx_};
  if (!who.listed_)
    return;
  who.listed_ = false;
  (who.previous_ ? who.previous_->next_ : first_) = who.next_;
  if (who.next_)
    who.next_->previous_ = who.previous_;
  who.next_ = who.previous_ = nullptr;
  size_.store(size() - 1, std::memory_order_relaxed);
}

void resident_list::close() noexcept {
  std::unique_lock guard{mtx_};
  closed_ = true;
}

bool resident_list::close_if_at_most(size_t count) noexcept {
  std::unique_lock guard{mtx_};
  closed_ = closed_ || size() <= count;
  return closed_;
}

std::vector<caf::strong_actor_ptr> resident_list::snapshot() const {
  std::vector<caf::strong_actor_ptr> result;
  std::unique_lock guard{mtx_};
  for (auto* who = first_; who; who = who->next_)
    if (auto handle = upgrade(who->address()))
      result.push_back(std::move(handle));
  return result;
}

caf::strong_actor_ptr resident_list::find(caf::actor_id id) const {
  std::unique_lock guard{mtx_};
  for (auto* who = first_; who; who = who->next_)
    if (auto address = who->address(); address.id() == id)
      return upgrade(address);
  return nullptr;
}

} // namespace pyactor::runtime
