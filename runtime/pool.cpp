#include <pyactor/runtime/pool.hpp>

#include <utility>

namespace pyactor::runtime {

pool::pool(std::string name, pool_options options,
           std::vector<std::shared_ptr<context>> contexts)
  : name_(std::move(name)), options_(std::move(options)),
    contexts_(std::move(contexts)) {
}

std::vector<std::shared_ptr<context>> pool::contexts() const {
  std::unique_lock guard{mtx_};
  return contexts_;
}

void pool::replace(const context& lost, std::shared_ptr<context> fresh) {
  std::unique_lock guard{mtx_};
  for (auto& one : contexts_)
    if (one.get() == &lost)
      one = std::move(fresh);
}

context* pool::pick(std::optional<size_t> scheduler,
                    std::optional<routing_policy> policy) {
  std::unique_lock guard{mtx_};
  auto rule = policy.value_or(options_.policy);
  std::vector<size_t> loads(contexts_.size());
  if (rule == routing_policy::least_loaded)
    for (size_t i = 0; i < loads.size(); ++i)
      loads[i] = contexts_[i]->load();
  auto in_turn = rule != routing_policy::scheduler_id || !scheduler;
  auto turn = in_turn ? turn_.fetch_add(1, std::memory_order_relaxed) : 0;
  auto first = pyactor::runtime::pick(rule, scheduler, turn, loads);
  for (size_t i = 0; i < contexts_.size(); ++i)
    if (auto& one = contexts_[(first + i) % contexts_.size()];
        !one->is_given_up())
      return one.get();
  return nullptr;
}

} // namespace pyactor::runtime
