#include <pyactor/supervisors/engine/orphan_guard.hpp>

#include <pyactor/supervisors/engine/signals.hpp>
#include <pyactor/supervisors/engine/watch.hpp>

#include <chrono>
#include <map>
#include <set>

namespace pyactor::supervisors::engine {

namespace {

/// Waits for children that were asked to stop, and kills those that do not.
/// Holds none of them alive; ends with the last of them.
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
    std::set<std::chrono::nanoseconds> timeouts;
    for (const auto& [number, who] : waiting_) {
      timeouts.insert(who.shutdown.timeout);
      if (auto child = runtime::upgrade(who.child))
        watch(child, {address(), number});
      else
        send(this, child_ended{number, {}});
    }
    for (auto timeout : timeouts)
      delayed_send(this, timeout, tick{now + timeout});
    return {
      [this](const child_ended& what) {
        waiting_.erase(what.incarnation);
        if (waiting_.empty())
          quit();
      },
      [this, now](const tick& what) {
        for (const auto& [number, who] : waiting_)
          if (now + who.shutdown.timeout <= what.due)
            tell_exit(runtime::upgrade(who.child), {}, caf::exit_reason::kill,
                      context());
      },
    };
  }

private:
  std::map<incarnation_id, orphan> waiting_;
};

} // namespace

void stop_orphans(caf::actor_system& system, const caf::actor_addr& parent,
                  const std::vector<orphan>& orphans) {
  std::vector<orphan> timed;
  for (const auto& who : orphans) {
    auto brutal = who.shutdown.mode == stop_mode::brutal_kill;
    tell_exit(runtime::upgrade(who.child), parent,
              brutal ? caf::exit_reason::kill : caf::exit_reason::user_shutdown,
              nullptr);
    if (who.shutdown.mode == stop_mode::timed)
      timed.push_back(who);
  }
  if (!timed.empty())
    system.spawn<guard, caf::hidden>(timed);
}

} // namespace pyactor::supervisors::engine
