#include <pyactor/runtime/router.hpp>

#include <pyactor/runtime/log.hpp>

#include <utility>

namespace pyactor::runtime {

void router::add(std::unique_ptr<pool> what) {
  auto name = what->name();
  pools_.emplace(std::move(name), std::move(what));
}

expected<pool*> router::find(std::string_view name) const {
  if (auto found = pools_.find(name); found != pools_.end())
    return found->second.get();
  std::vector<std::string> known;
  for (auto& [other, unused] : pools_)
    known.push_back(other);
  return fail(errc::invalid_argument, "there is no pool '" + std::string{name}
                                        + "'; there are: " + join(known)
                                        + ". Add one under pyactor.pools");
}

expected<context*> router::explicit_context(pool& from, size_t index) const {
  if (index < from.contexts().size())
    return from.contexts()[index].get();
  return fail(errc::invalid_argument,
              "pool '" + from.name() + "' has no context "
                + std::to_string(index) + "; the last one is "
                + std::to_string(from.contexts().size() - 1));
}

expected<context*> router::place(const placement& where) {
  if (closed_.load(std::memory_order_acquire))
    return fail(errc::interpreter_lost, "the runtime has been stopped");
  auto from = find(where.pool);
  if (!from)
    return unexpected{std::move(from).error()};
  if (where.index)
    return explicit_context(**from, *where.index);
  auto scheduler
    = where.from ? scheduler_id(where.from->context()) : std::nullopt;
  return &(*from)->pick(scheduler, where.policy);
}

expected<context*> router::bind(const caf::strong_actor_ptr& who,
                                const placement& where) {
  if (where.index || closed_.load(std::memory_order_acquire))
    return place(where);
  auto address = who->address();
  {
    std::unique_lock guard{mtx_};
    if (auto found = bindings_.find(address); found != bindings_.end())
      for (auto& known : found->second)
        if (known.pool == where.pool)
          return known.where;
  }
  auto placed = place(where);
  if (!placed)
    return placed;
  bool first = false;
  {
    std::unique_lock guard{mtx_};
    auto& known = bindings_[address];
    first = known.empty();
    known.push_back({where.pool, *placed});
  }
  // Not under the lock: an actor that is dead by now calls back at once.
  if (first)
    who->get()->attach_functor([self = weak_from_this(), address] {
      if (auto origin = self.lock()) {
        std::unique_lock guard{origin->mtx_};
        origin->bindings_.erase(address);
      }
    });
  return placed;
}

size_t router::bindings() const {
  std::unique_lock guard{mtx_};
  return bindings_.size();
}

std::vector<std::shared_ptr<context>> router::contexts() const {
  std::vector<std::shared_ptr<context>> result;
  for (auto& [name, from] : pools_)
    for (auto& one : from->contexts())
      result.push_back(one);
  return result;
}

} // namespace pyactor::runtime
