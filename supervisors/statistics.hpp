#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// One child, as it is right now.
struct child_info {
  /// Unique within the supervisor.
  std::string id;
  /// As its spec says.
  child_type type = child_type::worker;
  /// As its spec says.
  restart_type restart = restart_type::permanent;
  /// What it does now.
  child_status status = child_status::stopped;
  /// The incarnation that starts, runs or stops; otherwise the last one.
  incarnation_id incarnation = 0;
  /// Attempts to start it, and those of them that were automatic restarts.
  uint64_t starts = 0;
  /// See `starts`.
  uint64_t restarts = 0;
  /// How its last end, or failed start, came about.
  std::optional<exit_info> last_exit;
  /// Since it acknowledged; 0 unless it runs.
  std::chrono::nanoseconds uptime{0};
  /// The context of a Python child, for example `default/0`; empty where the
  /// child runs just anywhere, or not at all.
  std::string context{};
  /// Whether it is stopped for good, as `child_given_up` says. An order that
  /// starts it takes that back.
  bool given_up = false;
  /// Automatic restarts and failed tries of them without a long run in between,
  /// from when the child was ready;
  /// `restart_backoff::reset_after` says how long, or 60 s where the spec has
  /// none. An order that starts the child sets it to 0.
  uint64_t consecutive_failures = 0;
  /// Until it is started again by itself; none unless it waits for that.
  std::optional<std::chrono::nanoseconds> next_start_in{};
  /// Whether `child_ref` gives it requests: it runs, and its readiness probe
  /// has passed, if it has one.
  bool ready = false;
  /// Whether it waits until `supervisor_flags::throttle` lets it start.
  bool throttled = false;
  /// As its spec says.
  std::vector<std::string> tags{};
};

/// How many children there are, of which kind.
struct child_counts {
  /// All children; with `simple_one_for_one` 1.
  size_t specs = 0;
  /// Those that are alive: not stopped, not coming back.
  size_t active = 0;
  /// Supervisors and workers among all children, alive or not.
  size_t supervisors = 0;
  /// See `supervisors`.
  size_t workers = 0;

  friend bool operator==(const child_counts&, const child_counts&) = default;
};

/// An incarnation that did not end although it was killed, or whose call did
/// not come back although it was interrupted.
struct zombie_info {
  /// The child's.
  std::string id;
  /// The one that was given up.
  incarnation_id incarnation = 0;
  /// The context that was given up with it, for example `default/0`: it stays
  /// a zombie for ever. Empty where there was none: it may yet end.
  std::string context{};
};

/// What a supervisor has seen and done since it started.
struct supervisor_statistics {
  /// Restart decisions, and how many of them the window holds now.
  uint64_t restarts = 0;
  /// See `restarts`.
  size_t window_used = 0;
  /// Acknowledgements and ends that came too late or twice, and answers to
  /// probes that came too late. What a supervisor tells itself, such as the end
  /// of a pause, is not counted.
  uint64_t stale_events = 0;
  /// Exit messages, errors and other messages that a supervisor does not take.
  uint64_t stray_messages = 0;
  /// Kills, also those that make sure of a child whose start failed, and
  /// incarnations given up as lost.
  uint64_t kills = 0;
  /// See `kills`.
  uint64_t abandons = 0;
  /// Children that ended a stop otherwise than they should.
  uint64_t shutdown_errors = 0;
  /// Exceptions that a spec's `classify` let out.
  uint64_t classify_errors = 0;
  /// How often there were more restarts than `intensity` allows, and exceptions
  /// that a function of `on_limit` let out.
  uint64_t escalations = 0;
  /// See `escalations`.
  uint64_t escalation_errors = 0;
  /// Children that wait until `supervisor_flags::throttle` lets them start.
  size_t throttled = 0;
  /// Orders that have not begun: they wait for the one before them, for a group
  /// or a reload, or until the supervisor has started.
  size_t queue_length = 0;
  /// Requests that have failed with `child_down`, in hand, in the mailbox or on
  /// the way to it when their incarnation ended.
  uint64_t lost_requests = 0;
  /// Other messages that were in the mailbox of a child in Python, or of a
  /// pinned actor, when it ended. Those of other actors, and of zombies, are
  /// not known.
  uint64_t lost_messages = 0;
  /// Given up as lost, and not ended since, or for ever.
  std::vector<zombie_info> zombies;
};

/// What happens to children, for logs and measurements.
struct supervision_event {
  /// What happened.
  enum class kind : uint8_t {
    /// A start begins.
    starting,
    /// A child acknowledged its first start, or one that somebody asked for.
    started,
    /// A child acknowledged an automatic restart; `latency` is set.
    restarted,
    /// A child ended of its own accord; `exit` says how.
    exited,
    /// A child, or the group of one, waits before it is started again by
    /// itself; `pause` says how long.
    restart_scheduled,
    /// A start failed; `exit` says how.
    start_failed,
    /// A child that may take for ever to stop takes long.
    stop_stalled,
    /// A child ended a stop otherwise than it should; `exit` says how.
    shutdown_error,
    /// An incarnation did not end although it was killed.
    abandoned,
    /// The supervisor gives up, or the whole process: too many restarts, or
    /// too many zombies.
    give_up,
    /// The supervisor gives this child up, which stays stopped: its end was
    /// fatal, it exceeded a limit of its own, or that of its supervisor whose
    /// `on_limit` says so. `exit` says how it ended. The supervisor itself
    /// carries on.
    child_given_up,
    /// Somebody stopped a child that its group waited for; `others` names those
    /// that now stay stopped.
    group_aborted,
    /// The supervisor stops: this was its last significant child, or any.
    auto_shutdown,
    /// A child is ready, as its readiness probe has it.
    ready,
    /// A child that runs is no longer ready.
    not_ready,
    /// A call of the child takes longer than it may, or is in the way of its
    /// stop, and is being interrupted; it may come back before that. `context`
    /// says where.
    hung,
    /// Another context takes the place of `context`, which a call of the child
    /// did not come back from, or which takes no more actors because somebody
    /// has poisoned it.
    poisoned,
    /// A call of the child is inside Python while the GIL that other contexts
    /// need cannot be had: no Python code runs in these, and `context` is not
    /// replaced. Nothing within the process mends that.
    gil_wedged,
    /// A child has crashed so often on equal messages that it handles no
    /// further one; `exit` says how.
    poison_message,
  };

  /// What happened.
  kind what = kind::started;
  /// The child's.
  std::string id;
  /// The incarnation that it is about.
  incarnation_id incarnation = 0;
  /// How the incarnation ended, where it did.
  std::optional<exit_info> exit;
  /// From the end of the old incarnation to the acknowledgement of the new one,
  /// as the supervisor saw them.
  std::chrono::nanoseconds latency{0};
  /// Until the next start, where one is scheduled.
  std::chrono::nanoseconds pause{0};
  /// Further children that it is about.
  std::vector<std::string> others{};
  /// Of `hung`, `poisoned` and `gil_wedged`: the context of the child, for
  /// example `default/0`, if its start function has said so.
  std::string context{};
};

/// @param what  a number that is none of them is `unknown`
/// @returns the enumerator's name
[[nodiscard]] std::string_view to_string(supervision_event::kind what) noexcept;

/// @param event  of any kind
/// @returns one line: what, which child, which incarnation, how it ended
[[nodiscard]] std::string to_string(const supervision_event& event);

/// @param event  of any kind
/// @returns one line of JSON: an object with the names of `supervision_event`.
///          `exit` is one line, as `last_exit` of a `tree_node`; times are in
///          seconds; an `exit` or a `context` that is none is null. U+FFFD
///          stands for what is not UTF-8.
[[nodiscard]] std::string to_json(const supervision_event& event);

} // namespace supervisors
} // namespace pyactor
