#include <pyactor/supervisors/engine/orphan_guard.hpp>

#include <pyactor/supervisors/engine/signals.hpp>
#include <pyactor/supervisors/engine/watch.hpp>

#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace pyactor::supervisors::engine {

namespace {

void kill(const orphan& who, const caf::actor_addr& sender,
          caf::execution_unit* host) {
  tell_exit(who.child, sender, caf::exit_reason::kill, host);
  auto handle = caf::actor_cast<caf::actor>(who.child);
  if (auto call = who.calls ? who.calls->running(handle) : 0)
    who.calls->interrupt(handle, call);
}

/// Holds children that were asked to stop, so that they get their time, and
/// kills those that take more. Ends with the last of them.
class guard : public caf::event_based_actor {
public:
  guard(caf::actor_config& config, const std::vector<orphan>& orphans)
    : caf::event_based_actor(config) {
    incarnation_id number = 0;
    for (const auto& who : orphans)
      waiting_.emplace(++number, who);
  }

  caf::behavior make_behavior() override {
    const auto now = clock().now();
    keep_alive_ = this;
    for (const auto& [number, who] : waiting_)
      watch(who.child, {address(), number});
    for (auto timeout : timeouts(caf::actor_clock::time_point::max() - now))
      delayed_send(this, timeout, tick{now + timeout});
    return {
      [this](const child_ended& what) {
        waiting_.erase(what.incarnation);
        if (waiting_.empty())
          quit();
      },
      [this, now](const tick& what) {
        for (const auto& [number, who] : waiting_)
          if (who.shutdown.mode == stop_mode::timed
              && who.shutdown.timeout <= what.due - now)
            kill(who, {}, context());
      },
    };
  }

  void on_exit() override {
    keep_alive_ = nullptr;
  }

private:
  std::set<std::chrono::nanoseconds>
  timeouts(std::chrono::nanoseconds limit) const {
    std::set<std::chrono::nanoseconds> result;
    for (const auto& [number, who] : waiting_)
      if (who.shutdown.mode == stop_mode::timed && who.shutdown.timeout < limit)
        result.insert(who.shutdown.timeout);
    return result;
  }

  std::map<incarnation_id, orphan> waiting_;
  /// Nobody else holds it.
  caf::actor keep_alive_;
};

} // namespace

void stop_orphans(caf::actor_system& system, const caf::actor_addr& parent,
                  std::vector<orphan> orphans) {
  for (const auto& who : orphans)
    if (who.shutdown.mode == stop_mode::brutal_kill)
      kill(who, parent, nullptr);
    else
      tell_exit(who.child, parent, caf::exit_reason::user_shutdown, nullptr);
  std::erase_if(orphans, [](const orphan& who) {
    return who.shutdown.mode == stop_mode::brutal_kill;
  });
  if (!orphans.empty())
    system.spawn<guard, caf::hidden>(orphans);
}

} // namespace pyactor::supervisors::engine
