#include <pyactor/supervisors/engine/child_proxy.hpp>

#include <utility>

namespace pyactor::supervisors::engine {

namespace {

/// What a proxy sends itself when something has waited for too long.
struct alarm {};

} // namespace

} // namespace pyactor::supervisors::engine

PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::engine::alarm)

namespace pyactor::supervisors::engine {

namespace {

class child_proxy : public caf::monitorable_actor {
public:
  child_proxy(caf::actor_config& config, std::shared_ptr<child_slot> slot)
    : caf::monitorable_actor(config), slot_(std::move(slot)) {
    // nop
  }

  const char* name() const override {
    return "child_proxy";
  }

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* host) override {
    auto& content = what->content();
    if (content.match_elements<caf::exit_msg>()
        || content.match_elements<caf::down_msg>())
      return;
    auto view = slot_->look();
    auto now = home_system().clock().now();
    if (content.match_elements<alarm>()) {
      if (view->reception)
        set_alarm(view->reception->expire(now, host));
    } else if (view->takes_detour()) {
      set_alarm(view->reception->take(std::move(what), now, host));
    } else if (view->handle) {
      pass_on(*view, std::move(what), host);
    } else {
      refuse({view->status, view->retry_after}, *what, host);
    }
  }

  void on_destroy() override {
    cleanup(caf::exit_reason::unreachable, nullptr);
  }

private:
  /// The alarm holds this actor until then.
  void set_alarm(std::optional<reception::time_point> when) {
    if (when)
      home_system().clock().schedule_message(
        *when, caf::strong_actor_ptr{ctrl()},
        caf::make_mailbox_element(nullptr, caf::make_message_id(), {},
                                  alarm{}));
  }

  const std::shared_ptr<child_slot> slot_;
};

} // namespace

caf::actor make_proxy(caf::actor_system& system,
                      std::shared_ptr<child_slot> slot) {
  caf::actor_config config;
  return caf::make_actor<child_proxy, caf::actor>(
    system.next_actor_id(), system.node(), &system, config, std::move(slot));
}

} // namespace pyactor::supervisors::engine
