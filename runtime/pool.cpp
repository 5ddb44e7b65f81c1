#include <pyactor/runtime/pool.hpp>

#include <utility>

namespace pyactor::runtime {

pool::pool(std::string name, pool_options options,
           std::vector<std::shared_ptr<context>> contexts)
  : name_(std::move(name)), options_(std::move(options)),
    contexts_(std::move(contexts)) {
}

context& pool::pick(std::optional<size_t> scheduler,
                    std::optional<routing_policy> policy) {
  auto rule = policy.value_or(options_.policy);
  std::vector<size_t> loads(contexts_.size());
  if (rule == routing_policy::least_loaded)
    for (size_t i = 0; i < loads.size(); ++i)
      loads[i] = contexts_[i]->load();
  auto in_turn = rule != routing_policy::scheduler_id || !scheduler;
  auto turn = in_turn ? turn_.fetch_add(1, std::memory_order_relaxed) : 0;
  return *contexts_[pyactor::runtime::pick(rule, scheduler, turn, loads)];
}

} // namespace pyactor::runtime
