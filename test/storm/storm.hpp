#pragma once

#include <pyactor/runtime/runtime.hpp>
#include <pyactor/test/storm/client.hpp>
#include <pyactor/test/storm/plan.hpp>
#include <pyactor/test/support/module_folder.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pyactor::test {

/// What a storm came to.
struct storm_report {
  size_t steps = 0;
  /// How often requests came to what: `value`, or the name of an error's code.
  std::map<std::string, size_t> outcomes;
  /// How many outcomes each client has had; the Python threads are the last.
  std::vector<size_t> outcomes_by_client;
  /// The contexts that were stopped.
  std::set<size_t> stopped;
  /// Empty if all is well.
  std::vector<std::string> faults;
};

/// An actor system with a runtime, two contexts of each kind that this CPython
/// has, and one storm after the other. Its clients are CAF actors, plain
/// threads and, one for each kind of context, Python threads; each follows a
/// plan that the seed fixes, so that only the interleaving differs from run to
/// run.
/// @thread one, but for what says otherwise
class storm_world {
public:
  /// @param planted statements that end the module `crew`, for tests
  explicit storm_world(const storm_size& size = {},
                       const std::string& planted = {});

  storm_world(const storm_world&) = delete;
  storm_world& operator=(const storm_world&) = delete;

  /// Runs one storm, and looks that it leaves nothing.
  /// @pre no storm before was interrupted
  storm_report run(uint64_t seed, interruption how);

  /// Ends the runtime.
  /// @returns what is wrong with that
  std::vector<std::string> stop();

  /// @thread any
  [[nodiscard]] uint64_t live_environments() const;

  /// @returns the steps of all storms, also of the one that runs
  /// @thread any
  [[nodiscard]] size_t steps() const;

  /// @returns what is wrong with the storm that runs, and what of it is still
  ///          to come, one line each; none between storms
  /// @thread any
  [[nodiscard]] std::vector<std::string> outstanding() const;

  /// @returns how many blocks CPython's own allocator has given out, in all
  ///          interpreters, beside those of garbage and of names in caches
  /// @pre no storm runs, and none before was interrupted
  [[nodiscard]] int64_t count_blocks();

  /// Calls `look` on the thread of each context, in turn.
  void visit_contexts(const std::function<void(attach_scope&)>& look);

private:
  struct clients;

  std::shared_ptr<storm_ground> begin(size_t number_of_clients);
  storm_report end();
  caf::actor_system_config& configured();
  [[nodiscard]] runtime::runtime_options options() const;
  void start_clients(clients& all, uint64_t seed,
                     const std::optional<context_stop>& stops,
                     const std::shared_ptr<storm_ground>& ground);
  void interrupt(interruption how, const std::optional<context_stop>& stops,
                 storm_ground& ground);
  void stop_from_within(const std::set<size_t>& which, ledger& book);
  void stop_all(ledger& book);
  [[nodiscard]] uint64_t live_actors() const;
  void await_members_gone(ledger& book) const;
  void await_nothing_left(ledger& book);

  storm_size size_;
  module_folder modules_;
  caf::actor_system_config config_;
  caf::actor_system system_;
  std::unique_ptr<runtime::runtime> python_;
  std::vector<runtime::placement> contexts_;
  /// Contexts that have not been stopped.
  size_t live_contexts_ = 0;
  int64_t threads_;

  mutable std::mutex mtx_;
  // guarded by mtx_
  /// Of the storms before.
  size_t steps_ = 0;
  /// Of the storm that runs, or null.
  std::shared_ptr<storm_ground> ground_;
};

} // namespace pyactor::test
