#include <pyactor/supervisors/engine/child_proxy.hpp>

#include <pyactor/libpyactor/insist.hpp>

#include <utility>

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
    if (runtime::is_timeout(*what)) {
      if (view->reception)
        view->reception->expire(*this, host);
    } else if (view->takes_detour()) {
      view->reception->take(std::move(what), *this, host);
    } else if (view->handle) {
      pass_on(*view, std::move(what), host);
    } else {
      refuse({view->status, view->retry_after}, *what, host);
    }
  }

  void on_destroy() override {
    insist([this] { cleanup(caf::exit_reason::unreachable, nullptr); });
  }

private:
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
