#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/value.hpp>
#include <pyactor/runtime/runtime.hpp>
#include <pyactor/supervisors/child_ref.hpp>
#include <pyactor/supervisors/child_start.hpp>
#include <pyactor/supervisors/partitions.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

/// Supervision trees that are declared in Python, `pyactor.Supervisor`, and run
/// by the supervisors of C++.
namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What C++ starts as a child in a tree that is declared in Python.
struct native_child {
  /// Makes the start function of one child out of what its `pyactor.Child`
  /// gives as `args` and `kwargs`; an error refuses the declaration. Called
  /// while the tree is declared, on a context's thread; for a child on demand,
  /// whenever it starts, on the supervisor's. Must not block.
  std::function<expected<start_fn>(const arguments&)> make;
  /// Whether that starts a supervisor.
  child_type type = child_type::worker;
};

/// The children that `pyactor.Native(name)` stands for, by their names.
/// @thread any
class native_children {
public:
  /// Gives what is to be started a name, for all trees that are declared from
  /// now on.
  /// @param name  for `pyactor.Native`; not empty
  /// @param what  is started by that name
  /// @returns `already_exists`, or `invalid_argument` for an empty name
  expected<void> add(std::string name, native_child what);

  /// The same for a start function that takes no arguments.
  /// @param name   for `pyactor.Native`; not empty
  /// @param start  runs for each incarnation of each such child
  /// @param type   whether that starts a supervisor
  /// @returns as above: `already_exists`, or `invalid_argument`
  expected<void> add(std::string name, start_fn start,
                     child_type type = child_type::worker);

  /// @param name  as it was added
  /// @returns what was added, or `invalid_argument` that lists the names there
  ///          are
  [[nodiscard]] expected<native_child> find(const std::string& name) const;

private:
  mutable std::mutex mtx_;
  // guarded by mtx_
  std::map<std::string, native_child, std::less<>> children_;
};

/// Adds `pyactor.Supervisor` and what belongs to it to Python: to the
/// extensions of `options`.
/// @param options  those that a runtime is about to start with
/// @param natives  what `pyactor.Native` may name; shared with whoever adds to
///                 it later
/// @thread any
void add_python_trees(runtime::runtime_options& options,
                      std::shared_ptr<native_children> natives
                      = std::make_shared<native_children>());

/// A supervisor as a Python class declares it: what `start_supervisor` and
/// `supervise` take.
struct tree_declaration {
  /// The class's own.
  supervisor_flags flags;
  /// What its `children` returned; those that are supervisors themselves have
  /// been declared, too.
  std::vector<child_spec> specs;
};

/// Declares a tree: runs `children` of a subclass of `pyactor.Supervisor`,
/// once, and checks all that comes of it. Start it with `start_supervisor`, or
/// make it a child with `supervise`; each incarnation of that has the same
/// children, with the same arguments.
/// @param python  with the extensions of `add_python_trees`; must outlive the
///                tree
/// @param target  `module:Class`
/// @param args    for `children`
/// @param where   the context that runs it; children without a pool of their
///                own live in its pool
/// @param timeout  bound on the wait for `children`
/// @returns what to start, or
///          - `python_exception`: the text of the exception names class, child
///            and field of what is wrong
///          - `start_ignored`: `children` has nothing to start
///          - `invalid_argument`, `interpreter_lost`: as `router::place`
///          - `timed_out`, and other errors of a request to a context
/// @thread any outside of actors; blocks
[[nodiscard]] expected<tree_declaration>
declare_tree(runtime::runtime& python, std::string target, arguments args = {},
             const runtime::placement& where = {},
             std::chrono::nanoseconds timeout = forever);

/// @param top  the supervisor at the top of the tree
/// @returns a tree as Python code gets it: plain data, of which `pyactor.Tree`
///          makes one that asks and orders. It owns the supervisor, too.
/// @thread any
[[nodiscard]] value as_value(const supervisor_ref& top);

/// @param x  of any kind
/// @returns the supervisor in what `pyactor.Tree` has as its `ref`; none in any
///          other value
/// @thread any
[[nodiscard]] std::optional<supervisor_ref> as_supervisor(const value& x);

/// @param group  of a supervisor of any kind
/// @returns partitions as Python code gets them: plain data, of which
///          `pyactor.Partitions` makes what divides keys. It owns the
///          supervisor, and a resize on either side is one on both.
/// @thread any
[[nodiscard]] value as_value(const partition_supervisor& group);

/// @param x  of any kind
/// @returns the partitions in what `pyactor.Partitions` has as its `ref`; none
///          in any other value
/// @thread any
[[nodiscard]] std::optional<partition_supervisor> as_partitions(const value& x);

/// @returns a child as Python code gets it, an `ActorRef` that leads to the
///          incarnation that runs; as `Tree.child` gives it
/// @param system  the supervisor's; must outlive the result
/// @param child   leads to it
/// @param id      the child's, for people
/// @thread any
[[nodiscard]] value as_value(caf::actor_system& system, const child_ref& child,
                             std::string id);

} // namespace supervisors
} // namespace pyactor

PYACTOR_LOCAL_MESSAGE(pyactor::arguments)
