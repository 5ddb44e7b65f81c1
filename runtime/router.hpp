#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/pool.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Where a new actor is to live.
struct placement {
  /// Name of the pool.
  std::string pool = "default";
  /// A context of the pool, by index; else one that the pool picks.
  std::optional<size_t> index = std::nullopt;
  /// Overrules the pool's policy.
  std::optional<routing_policy> policy = std::nullopt;
  /// The actor that asks, called on its own thread: its CAF worker decides
  /// where the policy is `scheduler_id`. Null for whoever is no actor.
  caf::local_actor* from = nullptr;
};

/// Picks contexts, once for each actor.
/// @thread any
class router : public std::enable_shared_from_this<router> {
public:
  /// Adds a pool.
  /// @param what a pool of a new name; not null
  /// @pre before other threads know this object
  void add(std::unique_ptr<pool> what);

  /// @param name of the pool
  /// @returns the pool, or `invalid_argument` that lists the pools
  [[nodiscard]] expected<pool*> find(std::string_view name) const;

  /// Picks the context of a new actor.
  /// @param where in which pool; the rest of it is optional
  /// @returns `invalid_argument` for an unknown pool or index,
  ///          `interpreter_lost` after `close`, and where the contexts were
  ///          given up and not replaced
  [[nodiscard]] expected<context*> place(const placement& where);

  /// The context of an actor that is not pinned: picked at its first request,
  /// the same ever after, forgotten when the actor ends.
  /// @param who the actor; not null
  /// @param where as for `place`; one with an index is not remembered
  /// @returns as `place`
  [[nodiscard]] expected<context*> bind(const caf::strong_actor_ptr& who,
                                        const placement& where);

  /// Refuses further placements.
  void close() noexcept {
    closed_.store(true, std::memory_order_release);
  }

  /// @param where any context
  /// @returns whether `bind` leads an actor to that context
  [[nodiscard]] bool leads_to(const context& where) const;

  /// @returns how many actors `bind` remembers
  [[nodiscard]] size_t bindings() const;

  /// @returns all contexts, in the order of the pools' names
  [[nodiscard]] std::vector<std::shared_ptr<context>> contexts() const;

private:
  struct binding {
    std::string pool;
    std::shared_ptr<context> where;
  };

  [[nodiscard]] static expected<context*> usable(context* found,
                                                 const std::string& name);
  void forget(const caf::actor_addr& who);
  [[nodiscard]] expected<context*> explicit_context(pool& from,
                                                    size_t index) const;

  // fixed before other threads know this object
  std::map<std::string, std::unique_ptr<pool>, std::less<>> pools_;
  std::atomic<bool> closed_ = false;

  mutable std::mutex mtx_;
  std::unordered_map<caf::actor_addr, std::vector<binding>> bindings_;
};

} // namespace runtime
} // namespace pyactor
