#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_state.hpp>
#include <pyactor/supervisors/exit_info.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What went wrong in supervision, by what the caller can do about it.
enum class sup_errc : uint8_t {
  /// No child has this id.
  not_found = 1,
  /// A child of this id runs, another child has its name, or the actor already
  /// has a supervisor.
  already_started,
  /// A child of this id exists, but does not run: restart or delete it.
  already_present,
  /// The child runs: terminate it first.
  running,
  /// The supervisor is about to start the child again by itself.
  restarting,
  /// The child did not start; the reason says why.
  start_failed,
  /// Somebody else terminated the child while it was being started.
  terminated,
  /// The supervisor is stopping and takes no more orders.
  shutting_down,
  /// The supervisor has ended.
  supervisor_down,
  /// The supervisor did not answer in time; it may still do what was asked.
  timed_out,
  /// A child spec or a flag is wrong; the message says which and how.
  invalid_spec,
  /// A supervisor could not start one of its children, and undid the rest.
  failed_to_start_child,
  /// A supervisor had more restarts than its intensity allows.
  give_up,
  /// A client asked a child that does not run right now, or is not ready.
  child_unavailable,
  /// A child ended before it had answered a client.
  child_down,
  /// The child does not wait for a restart; the message says what it does.
  not_waiting,
  /// All children of the supervisor come from one spec: this order is for
  /// others.
  simple_one_for_one,
  /// The supervisor has as many children as it may; the message says how many.
  max_children,
  /// The child has crashed too often on messages equal to this one, and does
  /// not handle it.
  poison_message,
  /// The child whose children this was about is a worker, which has none.
  not_a_supervisor,
  /// The supervisor is itself a child: the one above stops it, by
  /// `terminate_child`.
  supervised,
};

/// @param code  a number that is none of them is `unknown`
/// @returns the enumerator's name, for example `not_found`
[[nodiscard]] std::string to_string(sup_errc code);

/// A failed call to a supervisor, as plain data.
struct sup_error {
  /// What the caller can go by.
  sup_errc code = sup_errc::not_found;
  /// The child it is about; empty where it is about none.
  std::string id{};
  /// For a person.
  std::string message{};
  /// How the incarnation ended that failed to start.
  std::optional<exit_info> reason{};
  /// What the start function or the child itself reported, unchanged.
  caf::error cause{};
};

/// @param what  of its `reason` and `cause` nothing is shown
/// @returns one line: code, child, message
[[nodiscard]] std::string to_string(const sup_error& what);

/// @param what  its `reason` and `cause` are left out
/// @returns `what` for a border where only a `caf::error` passes; code and text
///          survive
[[nodiscard]] caf::error to_caf_error(const sup_error& what);

/// @param what  what a request to a supervisor has ended with
/// @returns the same as `supervisor_ref` has it: code and text of what
///          `to_caf_error` has made, `timed_out`, and `supervisor_down` for all
///          that says no more than that nobody has answered
[[nodiscard]] sup_error from_caf_error(const caf::error& what);

/// A result, or why there is none.
template <class T>
using sup_expected = std::expected<T, sup_error>;

/// Why a client's message was not sent.
struct child_unavailable {
  /// How the child was at that moment; `running` if it was not ready, as its
  /// readiness probe has it.
  child_status status = child_status::unknown;
  /// How long a pause the supervisor makes before it tries again, from the
  /// beginning of that pause: the next start comes no later; 0: not known.
  std::chrono::nanoseconds retry_after{0};

  /// @returns a `sup_errc::child_unavailable` with this content
  [[nodiscard]] caf::error to_error() const;

  /// @param what  any error
  /// @returns the content of a `sup_errc::child_unavailable`; none of other
  ///          errors
  [[nodiscard]] static std::optional<child_unavailable>
  from_error(const caf::error& what);
};

/// Which incarnation left a client's request unanswered.
struct child_down {
  /// The one that the request was sent to.
  uint64_t incarnation = 0;

  /// @returns a `sup_errc::child_down` with this content
  [[nodiscard]] caf::error to_error() const;

  /// @param what  any error
  /// @returns the content of a `sup_errc::child_down`; none of other errors
  [[nodiscard]] static std::optional<child_down>
  from_error(const caf::error& what);
};

/// @param detail  why, for a person
/// @returns the reason of an actor that shuts down and says why; as good as
///          `exit_reason::user_shutdown`
[[nodiscard]] caf::error shutdown_reason(std::string detail);

/// @param what         none for a normal exit
/// @param incarnation  which ended
/// @param rules        how it is classified
/// @param system       renders errors of other categories
/// @returns the exit reason `what` as plain data
[[nodiscard]] exit_info describe_exit(const caf::error& what,
                                      uint64_t incarnation,
                                      const exit_rules& rules,
                                      const caf::actor_system& system);

/// Teaches an actor system to render this category.
/// @param config  of an actor system that does not exist yet
void configure(caf::actor_system_config& config);

} // namespace supervisors
} // namespace pyactor

CAF_ERROR_CODE_ENUM(pyactor::supervisors::sup_errc, "supervisor")
