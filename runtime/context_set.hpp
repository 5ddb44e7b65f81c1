#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/options.hpp>
#include <pyactor/runtime/router.hpp>
#include <pyactor/runtime/watchdog.hpp>

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace pyactor::runtime {

/// The contexts of one runtime and the actors that serve them: starts them, and
/// replaces one that was given up.
/// @thread any, but for what says otherwise
class PYACTOR_HIDDEN context_set
  : public std::enable_shared_from_this<context_set> {
public:
  /// How a context is made and comes by CPython.
  struct maker {
    /// Fills in what all contexts have in common.
    std::function<void(context_settings&)> complete;
    std::function<python_source()> python;
    /// Called with each new context, before others know it.
    std::function<void(const std::shared_ptr<context>&)> announce;
    /// Called where the GIL that all `main` contexts share cannot be had for
    /// long, with the context that was given up.
    std::function<void(const context&)> wedged;
  };

  context_set(caf::actor_system& system, std::shared_ptr<router> routes,
              maker how);

  /// Starts a pool and makes it known to the router.
  /// @thread the one that starts the runtime
  expected<void> start_pool(const std::string& name, const pool_options& what);

  /// Starts the actors that serve the contexts.
  /// @thread the one that starts the runtime
  void start_servers();

  /// Those in use in the order of their start, where a replacement has the
  /// place of what it replaces; then the retired ones whose threads have not
  /// been joined.
  [[nodiscard]] std::vector<std::shared_ptr<context>> all() const;

  /// The contexts that were given up.
  [[nodiscard]] std::vector<std::shared_ptr<context>> given_up() const;

  /// Opens a context for the actors that are spawned in it before the result
  /// goes, and waits for nothing; it ends with the last of them.
  /// @param pool what it is like, but for its kind, which is own_gil
  expected<std::shared_ptr<context>> dedicate(const std::string& pool);

  /// The actor that serves `where`.
  [[nodiscard]] caf::actor server_of(const context& where) const;

  /// All of them, those of lost contexts included.
  [[nodiscard]] std::vector<caf::actor> servers() const;

  /// Gives up the context of a call that does not come back, on a thread of its
  /// own: starts another one in its place, then ends its actors, so that who
  /// starts them again finds the new one. Does nothing where the call has come
  /// back by now. Where the call keeps the GIL that all `main` contexts share
  /// there is no replacement for as long as it does.
  /// @returns whether the context was given up
  bool replace(const std::shared_ptr<context>& lost, uint64_t turn,
               const error& why);

  /// As `context::poison`.
  /// @param where,reason as there
  std::shared_future<expected<void>>
  poison(const std::shared_ptr<context>& where, const std::string& reason);

  /// How many contexts were poisoned, and replaced.
  [[nodiscard]] size_t poisoned() const;

  /// Replaces nothing any more; awaits what is under way.
  void close();

private:
  [[nodiscard]] context_settings settings_of(const pool_options& what);
  [[nodiscard]] std::shared_ptr<context>
  make(const std::string& pool, size_t index, const pool_options& what);
  expected<void> start_in_place_of(const std::shared_ptr<context>& lost,
                                   context::clock::time_point deadline);
  bool install(const std::shared_ptr<context>& lost,
               const std::shared_ptr<context>& fresh);
  void bury(const std::shared_ptr<context>& lost, const error& why,
            bool may_wait);
  bool wait_to_try_again();
  void retire(const std::shared_ptr<context>& unused);
  [[nodiscard]] std::vector<std::shared_ptr<context>> join_ended();
  void forgive(const std::shared_ptr<context>& poisoned);
  void run_apart(std::function<void(bool may_wait)> body);

  caf::actor_system& system_;
  std::shared_ptr<router> routes_;
  maker how_;

  mutable std::mutex mtx_;
  std::condition_variable changed_;
  // guarded by mtx_
  uint32_t next_id_ = 0;
  std::vector<std::shared_ptr<context>> contexts_;
  std::vector<std::shared_ptr<context>> given_up_;
  /// Poisoned ones: their outcomes, and those whose threads are gone.
  /// References to these stay valid.
  std::unordered_map<const context*, std::shared_future<expected<void>>>
    poisoned_;
  std::vector<std::shared_ptr<context>> ended_;
  /// Poisoned and dedicated ones whose threads have not been joined.
  std::vector<std::shared_ptr<context>> retired_;
  size_t replaced_ = 0; // of the poisoned ones
  std::unordered_map<const context*, caf::actor> servers_;
  size_t under_way_ = 0;
  bool closed_ = false;
};

} // namespace pyactor::runtime
