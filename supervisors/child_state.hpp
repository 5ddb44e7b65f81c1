#pragma once

#include <pyactor/supervisors/child_phase.hpp>
#include <pyactor/supervisors/restart_type.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>

/// The life of one child as a pure function: state and event give the next
/// state and what is to be done. The supervisor carries events in and effects
/// out; it decides nothing of this itself.
/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// All that the transition function knows of a child.
struct child_state {
  /// Where it is in its life.
  child_phase phase = child_phase::stopped;
  /// The incarnation that starts, runs or stops; otherwise the last one.
  incarnation_id incarnation = 0;
  /// Meaningful from the start of an incarnation to its end.
  start_cause started_for = start_cause::init;
  /// The next two are meaningful while stopping.
  stop_cause stopped_for = stop_cause::request;
  /// How far the stop has gone.
  stop_step step = stop_step::asked;

  friend bool operator==(const child_state&, const child_state&) = default;
};

/// What stays the same while a child lives, and what its supervisor is up to.
struct child_rules {
  /// Which of its exits bring it back.
  restart_type restart = restart_type::permanent;
  /// How it wants to be stopped.
  stop_mode stop = stop_mode::timed;
  /// Set once the supervisor, or a group that the child is in, is being
  /// stopped: an exit then leads to no restart, whether or not it was the
  /// child's turn.
  bool absorb_exits = false;
  /// Set once the current start has failed in a way that no other start mends.
  bool failed_fatally = false;
  /// What it means for a restart if the child is stopped for being unhealthy.
  exit_class unhealthy = exit_class::abnormal;
  /// Set while code of the child is in the way of its stop, and something can
  /// be done about that.
  bool in_call = false;
};

namespace child_events {

/// Begin incarnation `id`.
struct start {
  /// The new incarnation.
  incarnation_id id;
  /// On whose account.
  start_cause cause;
};

/// The start function said that there is nothing to run.
struct start_ignored {};

/// The start function failed; nothing runs.
struct start_refused {};

/// The child acknowledged its start.
struct ready {
  /// The incarnation that says so.
  incarnation_id id;
};

/// The child reported that it cannot start. It may still be alive.
struct init_failed {
  /// The incarnation that says so.
  incarnation_id id;
};

/// The child reported that it has nothing to do. It may still be alive.
struct init_ignored {
  /// The incarnation that says so.
  incarnation_id id;
};

/// The child does not work, and is not going to stop when it is asked to.
struct unhealthy {
  /// The incarnation that this is about.
  incarnation_id id;
};

/// The child ended.
struct down {
  /// The incarnation that ended.
  incarnation_id id;
  /// How it ended.
  exit_class cls;
};

/// The child's timer fired: a start or a step of the stop ladder takes too
/// long, or a pause before a restart is over.
struct overdue {};

/// Somebody wants the child stopped.
struct stop {
  /// On whose account.
  stop_cause cause;
};

/// A restart that was about to come is not to come after all.
struct give_up {};

/// Somebody lost patience with a child that stops.
struct stop_harder {};

} // namespace child_events

/// Any of them.
using child_event = std::variant<
  child_events::start, child_events::start_ignored, child_events::start_refused,
  child_events::ready, child_events::init_failed, child_events::init_ignored,
  child_events::unhealthy, child_events::down, child_events::overdue,
  child_events::stop, child_events::stop_harder, child_events::give_up>;

/// What is to be done to the incarnation. (What clients see needs no effect of
/// its own: an incarnation is visible exactly while its child is `running`.)
enum class child_effect : uint8_t {
  /// Ask the child to stop, ahead of what waits in its mailbox.
  ask,
  /// Interrupt the call that keeps the child from hearing.
  interrupt,
  /// Kill the child, ahead of what waits in its mailbox, and interrupt the call
  /// that keeps it from hearing that.
  kill,
  /// Monitor the child once more, in case its end went unheard.
  watch_again,
  /// Give up the context of the call that does not come back.
  give_up_context,
  /// Set the child's timer for its start, by `start_timeout`.
  arm_start,
  /// Set it for the stop that the child was asked for.
  arm_stop,
  /// Set it for a later step of the stop ladder, by `kill_grace`.
  arm_grace,
  /// Call the child's timer off.
  disarm,
  /// Forget the handle: the incarnation has ended.
  release,
  /// Forget the handle of an incarnation that does not end.
  abandon,
};

/// What the event means for the supervisor and for those who wait.
enum class child_outcome : uint8_t {
  /// Nothing beyond the effects.
  none,
  /// Too late, or about another incarnation: count it.
  stale,
  /// Call the start function.
  spawn,
  /// The child runs.
  started,
  /// The start came to nothing, as it was meant to.
  ignored,
  /// The start failed.
  start_failed,
  /// The child ended of its own accord; start it again.
  exited_restart,
  /// The child ended of its own accord; it stays stopped.
  exited_keep,
  /// The child ended of its own accord; drop its spec.
  exited_forget,
  /// The stop is complete; the child stays stopped.
  stopped,
  /// The stop is complete; start the child again.
  stopped_restart,
  /// A pause before a restart is over; start the child again.
  pause_over,
  /// The stop takes long, and may.
  stalled,
};

/// Effects in the order in which they are to be carried out.
/// @thread any; copies are independent
class effect_list {
public:
  /// A list of effects.
  /// @param effects  at most four `child_effect`
  template <class... Effects>
  constexpr effect_list(Effects... effects) // NOLINT: implicit on purpose
    : items_{effects...}, size_(sizeof...(effects)) {
    static_assert(sizeof...(effects) <= 4);
  }

  /// @returns the first one
  [[nodiscard]] constexpr const child_effect* begin() const noexcept {
    return items_.data();
  }

  /// @returns behind the last one
  [[nodiscard]] constexpr const child_effect* end() const noexcept {
    return items_.data() + size_;
  }

  [[nodiscard]] friend constexpr bool
  operator==(const effect_list& x, const effect_list& y) noexcept {
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  }

private:
  std::array<child_effect, 4> items_;
  size_t size_;
};

/// What an event leads to.
struct child_transition {
  /// The state from now on.
  child_state next;
  /// What is to be done to the incarnation.
  effect_list effects;
  /// What it means for the supervisor.
  child_outcome outcome = child_outcome::none;

  friend bool operator==(const child_transition&, const child_transition&)
    = default;
};

/// @param state  in any phase
/// @returns whether the child is being stopped for being unhealthy: the end of
///          that stop is an end of its own accord
[[nodiscard]] constexpr bool is_condemned(const child_state& state) noexcept {
  return state.phase == child_phase::stopping
         && state.stopped_for == stop_cause::unhealthy;
}

/// @param state  in any phase
/// @returns whether the child is about to end because it has nothing to do
[[nodiscard]] constexpr bool ignores_start(const child_state& state) noexcept {
  return state.phase == child_phase::stopping
         && state.stopped_for == stop_cause::start_ignored;
}

/// @param state  in any phase
/// @returns whether a stop has come to the kill, and perhaps beyond
[[nodiscard]] constexpr bool is_killed(const child_state& state) noexcept {
  return state.phase == child_phase::stopping
         && state.step >= stop_step::killed;
}

/// @param state  in any phase
/// @returns what people get to see of a child in this state
[[nodiscard]] child_status status_of(const child_state& state) noexcept;

/// The transition function.
/// @param state  in which the event happens
/// @param rules  of the child at that moment
/// @param event  one that is too late, or about another incarnation, is `stale`
/// @returns what it leads to
[[nodiscard]] child_transition step(const child_state& state,
                                    const child_rules& rules,
                                    const child_event& event);

} // namespace supervisors
} // namespace pyactor
