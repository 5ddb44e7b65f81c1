#include <pyactor/runtime/router.hpp>

#include <pyactor/runtime/log.hpp>

#include <utility>

namespace pyactor::runtime {

namespace {

/// @returns whether another context has taken the place of one that has ended
bool has_left(const context& where) {
  return where.is_retired() && where.is_stopping();
}

} // namespace

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
  auto contexts = from.contexts();
  if (index < contexts.size())
    return usable(contexts[index].get(), contexts[index]->name());
  return fail(errc::invalid_argument,
              "pool '" + from.name() + "' has no context "
                + std::to_string(index) + "; the last one is "
                + std::to_string(contexts.size() - 1));
}

expected<context*> router::usable(context* found, const std::string& name) {
  if (found && !found->is_given_up())
    return found;
  return fail(errc::interpreter_lost,
              name + " was given up, because a call did not come back");
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
  return usable((*from)->pick(scheduler, where.policy),
                "every context of pool '" + where.pool + "'");
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
        if (known.pool == where.pool && !known.where->is_given_up()
            && !has_left(*known.where))
          return known.where.get();
  }
  auto placed = place(where);
  if (!placed)
    return placed;
  bool first = false;
  {
    std::unique_lock guard{mtx_};
    auto& known = bindings_[address];
    first = known.empty();
    std::erase_if(known, [&](auto& one) { return one.pool == where.pool; });
    known.push_back({where.pool, (*placed)->shared_from_this()});
  }
  // Not under the lock: an actor that is dead by now calls back at once.
  if (first)
    who->get()->attach_functor([self = weak_from_this(), address] {
      if (auto origin = self.lock())
        origin->forget(address);
    });
  return placed;
}

void router::forget(const caf::actor_addr& who) {
  std::unique_lock guard{mtx_};
  auto gone = bindings_.extract(who);
  guard.unlock();
  if (gone.empty())
    return;
  // It may have been the last that kept a poisoned context from its end.
  for (auto& one : gone.mapped())
    if (one.where->is_retired())
      one.where->retire();
}

bool router::leads_to(const context& where) const {
  std::unique_lock guard{mtx_};
  for (auto& [who, known] : bindings_)
    for (auto& one : known)
      if (one.where.get() == &where)
        return true;
  return false;
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
