#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/error.hpp>
#include <pyactor/supervisors/restart_strategy.hpp>
#include <pyactor/supervisors/statistics.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What a supervisor in a tree tells of itself.
struct supervisor_summary {
  /// As its flags say.
  restart_strategy strategy = restart_strategy::one_for_one;
  /// As its flags say: more restarts than this within `period`, and it gives
  /// up.
  uint32_t intensity = 0;
  /// See `intensity`.
  std::chrono::nanoseconds period{0};
  /// Restarts that count now.
  size_t window_used = 0;
  /// As in `supervisor_statistics`, with the next three.
  size_t queue_length = 0;
  /// See `queue_length`.
  uint64_t stale_events = 0;
  /// See `queue_length`.
  uint64_t lost_requests = 0;
  /// See `queue_length`.
  uint64_t lost_messages = 0;
  /// Given up as lost, and not ended since.
  std::vector<zombie_info> zombies{};
};

/// A supervisor or a child, with all that is below it, as it was at one moment;
/// each supervisor's own children are of the same moment.
struct tree_node {
  /// Unique within its supervisor; empty for the topmost one.
  std::string id{};
  /// As its spec says.
  child_type type = child_type::worker;
  /// What it does.
  child_status status = child_status::stopped;
  /// As its spec says; none for the topmost supervisor.
  std::optional<restart_type> restart{};
  /// As in `child_info`; this and the next three are 0 for the topmost
  /// supervisor.
  incarnation_id incarnation = 0;
  /// As in `child_info`.
  uint64_t starts = 0;
  /// As in `child_info`.
  uint64_t restarts = 0;
  /// As in `child_info`.
  uint64_t consecutive_failures = 0;
  /// How it last ended or failed to start, in one line. For a Python exception
  /// it is what Python prints below the traceback, for example
  /// `ValueError: no 5`, up to the end of that line.
  std::optional<std::string> last_exit{};
  /// Since it acknowledged; 0 unless it runs.
  std::chrono::nanoseconds uptime{0};
  /// As in `child_info`; of the topmost supervisor, whether it runs.
  bool ready = false;
  /// As in `child_info`.
  bool throttled = false;
  /// As in `child_info`.
  bool given_up = false;
  /// As in `child_info`.
  std::optional<std::chrono::nanoseconds> next_start_in{};
  /// As in `child_info`.
  std::string context{};
  /// As in `child_info`.
  std::vector<std::string> tags{};
  /// Set for a supervisor that has told of itself.
  std::optional<supervisor_summary> supervisor{};
  /// Why a supervisor that is alive has not told of itself and its children;
  /// else empty.
  std::string error{};
  /// In the order in which they start.
  std::vector<tree_node> children{};
};

/// A request to a supervisor, for actors; others call `tree`. -> get_tree_reply
struct get_tree {
  /// How long to wait for the supervisors below. Those that have not answered
  /// by then are shown without their children.
  std::chrono::nanoseconds timeout = std::chrono::seconds{5};
};

/// A supervisor and all that is below it.
struct get_tree_reply {
  /// Errors as those of `tree`.
  sup_expected<tree_node> result;
};

/// Asks a supervisor, and all supervisors below it, what there is. None of them
/// waits for another one.
/// @param top      where to begin
/// @param timeout  bound on the wait for all answers. A supervisor below that
///                 has not answered by then is shown without its children.
/// @returns what is there
///          - `supervisor_down`: `top` has ended
///          - `timed_out`: `top` has not answered
/// @thread any outside of actors; blocks. Actors send `get_tree`.
[[nodiscard]] sup_expected<tree_node> tree(const supervisor_ref& top,
                                           std::chrono::nanoseconds timeout
                                           = std::chrono::seconds{5});

/// @param top  what to show, with all that is below it
/// @returns a table for a person at a terminal, one line for each node, with
///          box-drawing characters as tree(1) has them. Columns in which
///          nothing stands are left out; texts are cut so that a line has 120
///          columns where the depth of the tree allows for that. What could be
///          no character, or control the terminal, is escaped.
/// @thread any
[[nodiscard]] std::string to_text(const tree_node& top);

/// @param top  what to show, with all that is below it
/// @returns one line of JSON: an object for each node, with the names of
///          `tree_node`. Times are in seconds; what is none, empty or of no
///          meaning for the node is null. `supervisor`, `error` and `children`
///          are there for supervisors only. U+FFFD stands for what is not
///          UTF-8.
/// @thread any
[[nodiscard]] std::string to_json(const tree_node& top);

} // namespace supervisors
} // namespace pyactor

PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::get_tree)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::get_tree_reply)
