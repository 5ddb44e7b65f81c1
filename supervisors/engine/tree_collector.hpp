#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/tree.hpp>

#include <chrono>
#include <cstddef>
#include <vector>

/// How the snapshot of a tree comes about: each supervisor answers for itself,
/// at once, and one actor puts the answers together.
namespace pyactor::supervisors::engine {

/// A question to a supervisor. -> tree_level
struct get_level {};

/// A child that is a supervisor and alive.
struct nested_supervisor {
  /// Its place among the children.
  size_t place;
  caf::actor_addr address;
};

/// A supervisor and its own children.
struct tree_level {
  /// Without what is below the children.
  tree_node self;
  std::vector<nested_supervisor> nested;
};

/// @returns what a supervisor tells of a child, without what is below that
[[nodiscard]] tree_node node_of(child_info what);

/// Takes one `get_tree`, asks all supervisors from `top` down, answers, and
/// ends. What does not answer in time delays nobody else.
class tree_collector : public caf::event_based_actor {
public:
  tree_collector(caf::actor_config& config, caf::actor_addr top);

  caf::behavior make_behavior() override;

  void on_exit() override;

  const char* name() const override;

private:
  using time_point = caf::actor_clock::time_point;

  void ask(tree_node& node, const caf::actor_addr& whom);
  void graft(tree_node& node, tree_level& answer);
  void note(tree_node& node, const caf::error& what);
  void settle();
  [[nodiscard]] caf::duration time_left() const;

  caf::actor_addr top_;
  tree_node root_;
  /// Why `top_` said nothing.
  sup_error failure_;
  time_point deadline_ = time_point::max();
  /// Answers that are missing, and one while there are questions to ask.
  size_t pending_ = 0;
  caf::response_promise promise_;
  /// Nobody else holds it.
  caf::actor keep_alive_;
};

/// @returns an actor that takes one `get_tree`
[[nodiscard]] caf::actor spawn_tree_collector(caf::actor_system& system,
                                              caf::actor_addr top);

/// The collector keeps the time by itself. This is for an actor system whose
/// threads are all busy, so that it does not run.
/// @returns how long to wait for the answer to a `get_tree` with this timeout
[[nodiscard]] caf::duration patience(std::chrono::nanoseconds timeout);

} // namespace pyactor::supervisors::engine

PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::get_level)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::tree_level)
