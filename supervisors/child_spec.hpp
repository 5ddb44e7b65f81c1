#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/auto_shutdown.hpp>
#include <pyactor/supervisors/child_start.hpp>
#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/exit_info.hpp>
#include <pyactor/supervisors/probe.hpp>
#include <pyactor/supervisors/restart_backoff.hpp>
#include <pyactor/supervisors/restart_limit.hpp>
#include <pyactor/supervisors/restart_type.hpp>
#include <pyactor/supervisors/while_down.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// A time that never comes.
inline constexpr auto forever = std::chrono::nanoseconds::max();

/// As the id of a spec for `start_child`, with `one_for_one`: the supervisor
/// makes an id, as it does for children of `simple_one_for_one`.
inline constexpr const char* generated_id = "*";

/// How to stop a child, step by step; each step is taken only if the one
/// before did not end the child: a request, an interrupt of the Python call
/// that is in its way, the kill. Bound: `timeout` + 2 * `kill_grace`; where a
/// context has to be replaced, the time for that, up to one more `kill_grace`.
struct stop_policy {
  /// What is done first.
  stop_mode mode = stop_mode::timed;
  /// From the request to the interrupt, or to the kill where no Python call is
  /// in the way; unused unless `timed`.
  std::chrono::nanoseconds timeout = std::chrono::seconds{5};
  /// From each of these steps to the next, and at last to giving the child up
  /// as lost: a handler that never returns cannot be killed.
  std::chrono::nanoseconds kill_grace = std::chrono::seconds{1};

  friend bool operator==(const stop_policy&, const stop_policy&) = default;
};

/// What a child is, which decides its defaults.
enum class child_type : uint8_t {
  /// Has no children: 30 s to start, and a `timed` stop.
  worker,
  /// Has children of its own, whose starts and stops take as long as they take.
  supervisor,
};

/// What a supervisor needs to know about a child.
struct child_spec {
  /// Unique within its supervisor; or `generated_id`.
  std::string id{};
  /// Starts one incarnation; see `start_fn`.
  start_fn start{};
  /// Which of its exits bring it back.
  restart_type restart = restart_type::permanent;
  /// Whether its end may be that of its supervisor; needs a supervisor with
  /// `auto_shutdown`, and a child that is not permanent.
  bool significant = false;
  /// Decides the two defaults below.
  child_type type = child_type::worker;
  /// Default: `timed`, or `infinity` for a supervisor.
  std::optional<stop_policy> shutdown{};
  /// From the start function to the acknowledgement, `forever` for no limit.
  /// Default: 30 s, or `forever` for a supervisor.
  std::optional<std::chrono::nanoseconds> start_timeout{};
  /// How long one message to a child of `start_python` or `start_pinned` may
  /// take; overrules its class and its pool. For the next start, as `start` is.
  /// Default: 0, which leaves it to them.
  std::chrono::nanoseconds max_handler_time{0};
  /// Says what an exit means, for example that a missing model is fatal. Asked
  /// when an incarnation ends of its own accord, and when a start fails, where
  /// only `fatal` makes a difference. What it throws is logged and counted; the
  /// exit then means what it means by default.
  classify_fn classify{};
  /// Pauses before automatic restarts. Default: none after an end, and
  /// `supervisor_flags::min_retry_delay` after a start that failed.
  std::optional<restart_backoff> backoff{};
  /// How many automatic restarts this child alone may have within a time; one
  /// more, and it is stopped for good, while its supervisor carries on. An
  /// order that starts it begins a new count. Default: no limit but that of the
  /// supervisor.
  std::optional<restart_limit> limit{};
  /// The same in all, however long that takes.
  std::optional<uint64_t> max_total_restarts{};
  /// Crashes of a child of `start_python` on equal calls, whatever happens
  /// between them, after which it refuses the next equal one: an error of
  /// `sup_errc::poison_message`, and a dead letter where `while_down` says so.
  /// An order that starts the child begins a new count. Where it was 0, it
  /// holds from the next start on. Default: 0, never.
  size_t poison_threshold = 0;
  /// Begins with the acknowledgement: the start is over when it has passed, and
  /// has failed when the probe has. `start_timeout` goes on. Default: the start
  /// is over with the acknowledgement.
  std::optional<probe> startup{};
  /// Asks the running child whether it works. When the probe has failed, the
  /// child is killed, which is an abnormal end: `exit_kind::liveness_failed`.
  /// Its `success_threshold` is 1. Default: a child works until it ends.
  std::optional<probe> liveness{};
  /// Asks the running child whether it takes requests. Until the probe has
  /// passed, and from when it has failed until it passes again, `child_ref`
  /// gives it none. Restarts nobody. Default: a child that runs is ready.
  std::optional<probe> readiness{};
  /// What becomes of messages while the child takes none. Default: requests
  /// fail at once.
  supervisors::while_down while_down{};
  /// What `whereis` finds the child by, from its first start on; one child of
  /// an actor system at a time has a name, and the start of another one fails.
  /// Default: none.
  std::string register_as{};
  /// What each incarnation has for itself. For the next start, as `start` is.
  supervisors::isolation isolation = isolation::instance;
  /// For people who look at the tree, for example `{"gpu", "v2"}`.
  std::vector<std::string> tags{};
};

/// What is wrong with a list of specs.
enum class spec_fault : uint8_t {
  /// Nothing.
  none,
  /// No id; or `generated_id`, which is only for `start_child`, with
  /// `one_for_one`.
  missing_id,
  /// No start function.
  missing_start,
  /// A time of `shutdown` is negative.
  invalid_shutdown,
  /// `start_timeout` is not positive.
  invalid_start_timeout,
  /// `max_handler_time` is negative.
  invalid_max_handler_time,
  /// `backoff` is not `is_valid`.
  invalid_backoff,
  /// The period of `limit` is not positive, or is `forever`.
  invalid_limit,
  /// `startup` is not `is_valid`.
  invalid_startup,
  /// `liveness` is not `is_valid`, or wants more than one success.
  invalid_liveness,
  /// `readiness` is not `is_valid`.
  invalid_readiness,
  /// `while_down` is not `is_valid`.
  invalid_while_down,
  /// A process, which there is not yet; or it is a supervisor, which runs no
  /// Python code.
  invalid_isolation,
  /// An earlier spec has the same id.
  duplicate_id,
  /// An earlier spec has the same `register_as`.
  duplicate_name,
  /// Its supervisor has no `auto_shutdown`, or it is permanent.
  bad_combination,
};

/// What `check_child_specs` found.
struct spec_check {
  /// `none` where all is well.
  spec_fault fault = spec_fault::none;
  /// The spec it is about; empty where it has no id.
  std::string id;

  friend bool operator==(const spec_check&, const spec_check&) = default;
};

/// @param specs  in start order
/// @param end    when the supervisor ends by itself: only then a child may be
///               significant
/// @returns the first fault that `specs` have for a supervisor with this
///          `auto_shutdown`, in list order
[[nodiscard]] spec_check check_child_specs(std::span<const child_spec> specs,
                                           auto_shutdown end
                                           = auto_shutdown::never);

/// @param spec  what it sets stays
/// @returns `spec` with every default that depends on its type filled in
[[nodiscard]] child_spec with_defaults(child_spec spec);

/// @param fault  one of a list of specs, or `none`
/// @returns what is wrong, for a person
[[nodiscard]] std::string_view to_string(spec_fault fault) noexcept;

} // namespace supervisors
} // namespace pyactor
