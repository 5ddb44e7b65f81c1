#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/context.hpp>
#include <pyactor/runtime/options.hpp>
#include <pyactor/runtime/router.hpp>
#include <pyactor/runtime/watchdog.hpp>

#include <condition_variable>
#include <functional>
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
    std::function<void(context::settings&)> complete;
    std::function<context::python_source()> python;
    /// Called with each new context, before others know it.
    std::function<void(const std::shared_ptr<context>&)> announce;
    /// Called where the GIL that all `main` contexts share cannot be had any
    /// more, with the context that was given up.
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

  /// In the order of their start; a replacement has the place of what it
  /// replaces.
  [[nodiscard]] std::vector<std::shared_ptr<context>> all() const;

  /// The contexts that were given up.
  [[nodiscard]] std::vector<std::shared_ptr<context>> given_up() const;

  /// The actor that serves `where`.
  [[nodiscard]] caf::actor server_of(const context& where) const;

  /// All of them, those of lost contexts included.
  [[nodiscard]] std::vector<caf::actor> servers() const;

  /// Gives up the context of a call that does not come back, on a thread of its
  /// own: starts another one in its place, then ends its actors, so that who
  /// starts them again finds the new one. Does nothing where the call has come
  /// back by now. Where the call keeps the GIL that all `main` contexts share
  /// there is no replacement.
  /// @returns whether the context was given up
  bool replace(const std::shared_ptr<context>& lost, uint64_t turn,
               const error& why);

  /// Replaces nothing any more; awaits what is under way.
  void close();

private:
  [[nodiscard]] std::shared_ptr<context>
  make(const std::string& pool, size_t index, const pool_options& what);
  void install(const std::shared_ptr<context>& lost,
               const std::shared_ptr<context>& fresh);
  void start_in_place_of(const std::shared_ptr<context>& lost);

  caf::actor_system& system_;
  std::shared_ptr<router> routes_;
  maker how_;

  mutable std::mutex mtx_;
  std::condition_variable idle_;
  // guarded by mtx_
  uint32_t next_id_ = 0;
  std::vector<std::shared_ptr<context>> contexts_;
  std::vector<std::shared_ptr<context>> given_up_;
  std::unordered_map<const context*, caf::actor> servers_;
  size_t under_way_ = 0;
  bool closed_ = false;
};

} // namespace pyactor::runtime
