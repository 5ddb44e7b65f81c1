#include <pyactor/supervisors/engine/orphan_guard.hpp>

#include <pyactor/libpyactor/log.hpp>
#include <pyactor/supervisors/engine/child.hpp>
#include <pyactor/supervisors/engine/deadlines.hpp>
#include <pyactor/supervisors/engine/signals.hpp>
#include <pyactor/supervisors/engine/timed_actor.hpp>
#include <pyactor/supervisors/engine/watch.hpp>
#include <pyactor/supervisors/messages.hpp>

#include <map>
#include <string_view>
#include <utility>

namespace pyactor::supervisors::engine {

namespace {

/// Takes orphans through the stop that their supervisor owes them, with the
/// same decisions. Ends with the last of them.
class guard : public timed_actor {
public:
  guard(caf::actor_config& config, caf::actor_addr parent, caf::error reason,
        std::vector<orphan> orphans, bool forced)
    : timed_actor(config), parent_(std::move(parent)),
      reason_(std::move(reason)), forced_(forced) {
    for (auto& who : orphans) {
      auto number = orphans_.size() + 1;
      who.state.incarnation = number;
      orphans_.emplace(number, std::move(who));
    }
  }

  const char* name() const override {
    return "orphan_guard";
  }

  caf::behavior make_behavior() override {
    keep_alive_ = this;
    for (auto& [number, who] : orphans_) {
      watch(pointer_to(who), {address(), number});
      begin(who);
    }
    wake_by(deadlines_.next());
    return {
      [this](const child_ended& what) {
        if (auto known = orphans_.find(what.incarnation);
            known != orphans_.end())
          apply(known->second,
                child_events::down{what.incarnation, exit_class::shutdown});
        end_with_the_last();
      },
      [](child_in_trouble) {}, // the log has it
    };
  }

  void on_exit() override {
    keep_alive_ = nullptr;
  }

private:
  static caf::strong_actor_ptr pointer_to(const orphan& who) {
    return caf::actor_cast<caf::strong_actor_ptr>(who.handle);
  }

  void on_wake() override {
    while (auto due = deadlines_.pop_due(clock().now()))
      apply(orphans_.at(due->child), child_events::overdue{});
    wake_by(deadlines_.next());
    end_with_the_last();
  }

  void end_with_the_last() {
    if (orphans_.empty())
      quit();
  }

  /// One that its supervisor was about to stop has been told.
  void begin(orphan& who) {
    if (who.state.phase == child_phase::stopping)
      arm(who);
    else
      apply(who, child_events::stop{stop_cause::supervisor});
    if (forced_) // it still is here: nobody has ended yet
      apply(who, child_events::stop_harder{});
  }

  /// `who` may be gone afterwards.
  void apply(orphan& who, const child_event& event) {
    child_rules rules{.stop = who.shutdown.mode,
                      .absorb_exits = true,
                      .in_call = who.stuck.holds_up(who.calls.get(), who.handle,
                                                    who.state.step)};
    auto transition = step(who.state, rules, event);
    who.state = transition.next;
    for (auto effect : transition.effects)
      carry_out(who, effect);
    if (who.state.phase != child_phase::stopping)
      orphans_.erase(who.state.incarnation);
  }

  void carry_out(orphan& who, child_effect effect) {
    switch (effect) {
      case child_effect::ask:
        if (who.takes_reason)
          runtime::send_urgently(pointer_to(who), context(),
                                 child_ended{0, reason_});
        else
          tell_exit(pointer_to(who), parent_, caf::exit_reason::user_shutdown,
                    context());
        break;
      case child_effect::interrupt:
        who.stuck.interrupt(who.calls.get(), who.handle);
        break;
      case child_effect::kill:
        if (forced_ && takes_force(who.type, who.state))
          runtime::send_urgently(pointer_to(who), context(),
                                 stop_supervisor{stop_supervisor::forced});
        else
          tell_exit(pointer_to(who), parent_, caf::exit_reason::kill,
                    context());
        who.stuck.interrupt(who.calls.get(), who.handle);
        break;
      case child_effect::give_up_context:
        if (who.stuck.give_up(*who.calls, who.handle))
          warn(who, "its call does not come back, so its context is given up");
        break;
      case child_effect::arm_start:
      case child_effect::arm_stop:
      case child_effect::arm_grace:
        arm(who);
        break;
      case child_effect::disarm:
        deadlines_.clear(who.state.incarnation);
        break;
      case child_effect::abandon:
        warn(who, "did not end although it was killed");
        break;
      case child_effect::watch_again: // no end goes unheard: this never let go
      case child_effect::release:
        break;
    }
  }

  void arm(const orphan& who) {
    auto now = clock().now();
    if (auto time = time_for_step(who.state, who.shutdown);
        time < time_point::max() - now)
      deadlines_.set(who.state.incarnation, now + time);
  }

  void warn(const orphan& who, std::string_view what) const {
    pyactor::log(layer::supervisors)
      .warn("orphan '{}' of supervisor {}: {}", who.id, parent_.id(), what);
  }

  const caf::actor_addr parent_;
  const caf::error reason_;
  const bool forced_;
  /// By the incarnation that each has here.
  std::map<incarnation_id, orphan> orphans_;
  deadlines deadlines_;
  /// Nobody else holds it.
  caf::actor keep_alive_;
};

} // namespace

void stop_orphans(caf::actor_system& system, const caf::actor_addr& parent,
                  const caf::error& reason, std::vector<orphan> orphans,
                  bool forced) {
  system.spawn<guard, caf::hidden>(parent, reason, std::move(orphans), forced);
}

} // namespace pyactor::supervisors::engine
