#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_names.hpp>
#include <pyactor/supervisors/child_ref.hpp>
#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/error.hpp>
#include <pyactor/supervisors/messages.hpp>
#include <pyactor/supervisors/reload.hpp>
#include <pyactor/supervisors/statistics.hpp>
#include <pyactor/supervisors/supervisor_flags.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// What an order has started.
struct started_child {
  /// The child's. Where the supervisor has generated it, as it does for
  /// `start_child_with` and for `generated_id`, it never does so again.
  std::string id;
  /// Its incarnation; 0 if there was nothing to start.
  incarnation_id incarnation = 0;
  /// What its start function has told, see `start_context::tell`.
  caf::message told{};
};

/// A supervisor that the holder owns: when the last copy of this handle is
/// gone, the supervisor stops its children and ends.
///
/// The functions below wait for the supervisor's answer, so they are not for
/// the handlers of actors; those send the messages of `messages.hpp` to
/// `handle()`. None of them blocks the supervisor. Beside the errors that each
/// names, all of them fail with
/// - `shutting_down`: the supervisor stops; questions are still answered
/// - `supervisor_down`: it has ended
/// - `timed_out`: no answer within `timeout`
/// @thread any; a value
class supervisor_ref {
public:
  /// Bound on the wait for an answer.
  using duration = std::chrono::nanoseconds;

  /// Adds a child at the end of the start order and starts it.
  /// @param spec     its id is new to the supervisor. With `generated_id` it
  ///                 gets `child-1`, `child-2` or so, as no other child has had
  ///                 it from the supervisor, and none has it now; only with
  ///                 `one_for_one`.
  /// @param timeout  after that the child is started all the same
  /// @returns what was started
  ///          - `invalid_spec`
  ///          - `already_started`, `already_present`: the id is in use; the
  ///            former also where another child has its name, or a supervisor
  ///            the actor that its start function gives: the spec is dropped
  ///          - `start_failed`: the spec is dropped again
  ///          - `max_children`
  ///          - `simple_one_for_one`: use `start_child_with`
  ///          - `terminated`: by somebody else, meanwhile
  sup_expected<started_child> start_child(child_spec spec,
                                          duration timeout = forever) const;

  /// Adds a child that comes from the one spec of a supervisor of
  /// `simple_one_for_one`, and starts it.
  /// @param arguments  what its start function finds in its `start_context`;
  ///                   kept for as long as the child may be started again
  /// @param timeout    after that the child is started all the same
  /// @returns what was started; without an incarnation there is no such child
  ///          - `start_failed`: nor is there
  ///          - `max_children`
  ///          - `invalid_spec`: the supervisor is of another strategy
  ///          - `terminated`: by somebody else, meanwhile
  sup_expected<started_child>
  start_child_with(caf::message arguments, duration timeout = forever) const;

  /// Starts a stopped child.
  /// @param id       of a child that is there
  /// @param timeout  after that the child is started all the same
  /// @returns what was started
  ///          - `not_found`, `running`, `restarting`
  ///          - `max_children`, `simple_one_for_one`
  ///          - `start_failed`: it stays stopped; a temporary one is dropped
  ///          - `terminated`: by somebody else, meanwhile
  sup_expected<started_child> restart_child(std::string id,
                                            duration timeout = forever) const;

  /// Resets a child: stops it and starts it with fresh state, at no cost in
  /// restart intensity. Starts a stopped one.
  /// @param id       of a child that is there
  /// @param timeout  after that the child is reset all the same
  /// @returns as `restart_child`, but for `running`; `simple_one_for_one` where
  ///          this is the id of the one spec, and for temporary children, whose
  ///          arguments are not kept
  sup_expected<started_child> cycle_child(std::string id,
                                          duration timeout = forever) const;

  /// Ends the wait of a child for its restart: starts it now, as if its time
  /// had come. Costs nothing; if it fails, that counts like any failed restart,
  /// and the child waits for its next one.
  /// @param id       of a child that waits
  /// @param timeout  after that the child is started all the same
  /// @returns what was started
  ///          - `not_found`, `running`
  ///          - `not_waiting`: it is stopped, or about to start or to stop
  ///          - `start_failed`: it waits again, or was given up
  ///          - `simple_one_for_one`: this is the id of the one spec
  ///          - `terminated`: by somebody else, meanwhile
  sup_expected<started_child> retry_now(std::string id,
                                        duration timeout = forever) const;

  /// Stops a child, and drops its spec if it is temporary. Succeeds also if it
  /// was stopped already. A child of `simple_one_for_one` is then gone.
  /// @param id       of a child that is there
  /// @param timeout  after that the child is stopped all the same
  /// @returns `not_found`
  ///          - `simple_one_for_one`: this is the id of the one spec
  sup_expected<void> terminate_child(std::string id,
                                     duration timeout = forever) const;

  /// Drops the spec of a stopped child.
  /// @param id       of a child that is stopped
  /// @param timeout  after that the spec is dropped all the same
  /// @returns `not_found`, `running`, `restarting`, `simple_one_for_one`
  sup_expected<void> delete_child(std::string id,
                                  duration timeout = forever) const;

  /// Gives the supervisor other flags and another list of children, while it
  /// runs. All flags are replaced, `events` too, and so is the spec of each
  /// child that is in both lists. That child goes on as it is: times and limits
  /// hold at once, a new start function from its next start.
  /// @param flags    in place of those it has
  /// @param specs    in the order of their starts from now on
  /// @param mode     what becomes of children that are in one list only
  /// @param timeout  after that the reload goes on all the same
  /// @returns what became of the list, once that is done; the supervisor is as
  ///          it was after
  ///          - `invalid_spec`
  sup_expected<reload_summary> reload(supervisor_flags flags,
                                      std::vector<child_spec> specs,
                                      reload_mode mode,
                                      duration timeout = forever) const;

  /// @param timeout  bound on the wait for the answer
  /// @returns all children, newest first
  sup_expected<std::vector<child_info>> which_children(duration timeout
                                                       = forever) const;

  /// @param id       of a child that is there
  /// @param timeout  bound on the wait for the answer
  /// @returns that child, as `which_children` has it
  ///          - `not_found`
  ///          - `simple_one_for_one`: this is the id of the one spec
  sup_expected<child_info> which_child(std::string id,
                                       duration timeout = forever) const;

  /// @param timeout  bound on the wait for the answer
  /// @returns how many children there are, of which kind
  sup_expected<child_counts> count_children(duration timeout = forever) const;

  /// @param id       of a child that is there
  /// @param timeout  bound on the wait for the answer
  /// @returns the spec with its defaults filled in, or `not_found`. With
  ///          `simple_one_for_one` also by the id of the one spec.
  sup_expected<child_spec> get_child_spec(std::string id,
                                          duration timeout = forever) const;

  /// @param timeout  bound on the wait for the answer
  /// @returns what the supervisor has seen and done
  sup_expected<supervisor_statistics> statistics(duration timeout
                                                 = forever) const;

  /// Waits until the supervisor has started its children.
  /// @param timeout  after that the start goes on all the same
  /// @returns `failed_to_start_child`, `give_up`
  sup_expected<void> await_start(duration timeout = forever) const;

  /// @returns why the supervisor could not start; none if it could, or does not
  ///          know yet. For actors: an `await_start` request comes too late
  ///          when the start has failed already.
  [[nodiscard]] std::optional<sup_error> start_failure() const;

  /// Stops all children, newest first, then the supervisor, and waits for its
  /// end. Succeeds also if it has ended already.
  /// @param timeout  after that the stop goes on all the same
  /// @param how      `forced`: children that may take for ever are killed
  ///                 instead
  /// @returns `timed_out`, and nothing else: it has been told, and stops. For
  ///          one from `below`: `supervised`, at once
  sup_expected<void> stop(duration timeout = forever,
                          stop_supervisor::urgency how
                          = stop_supervisor::orderly) const;

  /// @param id  of a child that is there, or may come
  /// @returns a client's handle to the child of this id, whether or not there
  ///          is one yet
  [[nodiscard]] child_ref child(const std::string& id) const;

  /// A supervisor among the children: whichever incarnation of it runs at the
  /// moment of each question and order. While none does, these fail at once,
  /// whatever the child's `while_down` says. What orders change in it lasts for
  /// as long as that incarnation. Beside the errors above, all fail with
  /// - `child_unavailable`: it does not run, or is not ready
  /// - `child_down`: it ended before it had answered, and may have done what
  ///   was asked
  /// - `not_found`: there is no such child
  /// - `not_a_supervisor`: there is, but it is a worker
  /// - `supervisor_down`: the supervisor above it does not run
  /// @param id  of a child that is there, or may come
  /// @returns a handle that owns what this one owns: the topmost supervisor
  [[nodiscard]] supervisor_ref below(const std::string& id) const;

  /// @returns for one from `below`: how clients of the supervisor above see it;
  ///          none for a topmost one
  [[nodiscard]] std::optional<child_ref> as_child() const;

  /// @returns the ids that lead here from the topmost supervisor, for example
  ///          `group/inner`; empty for a topmost one
  [[nodiscard]] const std::string& path() const noexcept;

  /// @returns the supervisor as an actor. For one from `below` it is a proxy,
  ///          which passes requests on and ignores all else; it does not end
  ///          with the supervisor.
  [[nodiscard]] const caf::actor& handle() const noexcept;

private:
  /// @cond
  friend sup_expected<supervisor_ref> spawn_supervisor(caf::actor_system&,
                                                       supervisor_flags,
                                                       std::vector<child_spec>,
                                                       const caf::actor&);
  /// @endcond

  struct ownership;
  struct nesting;

  explicit supervisor_ref(std::shared_ptr<const ownership> owner,
                          std::shared_ptr<const nesting> nested = nullptr);

  template <class Reply, class Message>
  sup_expected<Reply> ask(Message what, duration timeout) const;

  template <class Message>
  sup_expected<started_child> give_order(Message what, duration timeout) const;

  /// Of the topmost supervisor.
  std::shared_ptr<const ownership> owner_;
  /// Null for that.
  std::shared_ptr<const nesting> nested_;
};

/// Starts a supervisor and, one after another, its children.
/// @param system   where it lives
/// @param flags    how it behaves
/// @param specs    its children, in start order
/// @param timeout  bound on the wait until all have started
/// @returns once the last child has acknowledged
///          - `invalid_spec`
///          - `failed_to_start_child`: the started ones are stopped again
///          - `give_up`, `shutting_down`: a started one has ended, and the
///            supervisor with it
///          - `timed_out`: the started ones are stopped again
/// @thread any outside of actors; blocks
[[nodiscard]] sup_expected<supervisor_ref>
start_supervisor(caf::actor_system& system, supervisor_flags flags,
                 std::vector<child_spec> specs,
                 std::chrono::nanoseconds timeout = forever);

/// Starts a supervisor without waiting for its children; for actors, which then
/// request `await_start`.
/// @param system  where it lives
/// @param flags   how it behaves
/// @param specs   its children, in start order
/// @param parent  the supervisor stops when that ends; null for none
/// @returns `invalid_spec`
/// @thread any
[[nodiscard]] sup_expected<supervisor_ref>
spawn_supervisor(caf::actor_system& system, supervisor_flags flags,
                 std::vector<child_spec> specs, const caf::actor& parent = {});

/// @param flags  how each incarnation behaves
/// @param specs  its children, in start order; a fault in them is a failed
///               start
/// @returns the start function of a child that is itself a supervisor. Its spec
///          wants `type = child_type::supervisor`; it then inherits `throttle`.
/// @thread any
[[nodiscard]] start_fn supervise(supervisor_flags flags,
                                 std::vector<child_spec> specs);

} // namespace supervisors
} // namespace pyactor
