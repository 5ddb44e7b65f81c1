#include <pyactor/runtime/name_registry.hpp>

#include <utility>

namespace pyactor::runtime {

expected<void> name_registry::put(std::string name,
                                  const caf::strong_actor_ptr& who) {
  if (name.empty())
    return fail(errc::invalid_argument, "an actor's name must not be empty");
  if (is_dead(who))
    return fail(errc::actor_dead, "cannot name a dead actor '" + name + "'");
  auto address = who->address();
  caf::strong_actor_ptr holder; // released without the lock
  {
    std::unique_lock guard{mtx_};
    auto [found, added] = names_.try_emplace(name, address);
    if (!added) {
      holder = upgrade(found->second);
      if (found->second != address && !is_dead(holder))
        return fail(errc::already_exists, "the name '" + name
                                            + "' belongs to another live "
                                              "actor");
      if (found->second == address)
        return {};
      found->second = address;
    }
  }
  // Not under the lock: an actor that is dead by now calls back at once.
  who->get()->attach_functor([self = weak_from_this(), name, address] {
    if (auto registry = self.lock())
      registry->forget(name, address);
  });
  return {};
}

caf::strong_actor_ptr name_registry::find(std::string_view name) const {
  caf::strong_actor_ptr result;
  {
    std::unique_lock guard{mtx_};
    if (auto found = names_.find(name); found != names_.end())
      result = upgrade(found->second);
  }
  return is_dead(result) ? nullptr : result;
}

void name_registry::erase(std::string_view name) {
  std::unique_lock guard{mtx_};
  if (auto found = names_.find(name); found != names_.end())
    names_.erase(found);
}

void name_registry::forget(const std::string& name,
                           const caf::actor_addr& who) {
  std::unique_lock guard{mtx_};
  if (auto found = names_.find(name);
      found != names_.end() && found->second == who)
    names_.erase(found);
}

size_t name_registry::size() const {
  std::unique_lock guard{mtx_};
  return names_.size();
}

} // namespace pyactor::runtime
