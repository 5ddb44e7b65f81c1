#include <pyactor/supervisors/engine/supervisor_proxy.hpp>

#include <pyactor/libpyactor/insist.hpp>

#include <utility>

namespace pyactor::supervisors::engine {

namespace {

/// @pre `view` shows no supervisor that runs
sup_error obstacle_in(const child_view& view, const std::string& path) {
  auto child = "child '" + path + "'";
  if (view.handle)
    return {.code = sup_errc::not_a_supervisor,
            .message = child + " is no supervisor"};
  switch (view.status) {
    case child_status::unknown:
      return {.code = sup_errc::not_found, .message = "there is no " + child};
    case child_status::supervisor_down:
      return {.code = sup_errc::supervisor_down,
              .message = "the supervisor of " + child + " does not run"};
    case child_status::running:
      return {.code = sup_errc::child_unavailable,
              .message = child + " is not ready"};
    default:
      return {.code = sup_errc::child_unavailable,
              .message = child + " does not run: "
                         + std::string{to_string(view.status)}};
  }
}

class supervisor_proxy : public caf::monitorable_actor {
public:
  supervisor_proxy(caf::actor_config& config, std::shared_ptr<child_slot> slot,
                   std::string path)
    : caf::monitorable_actor(config), slot_(std::move(slot)),
      path_(std::move(path)) {
    // nop
  }

  const char* name() const override {
    return "supervisor_proxy";
  }

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* host) override {
    if (!what->mid.is_request())
      return;
    auto view = slot_->look();
    if (view->handle && view->children)
      pass_on(*view, std::move(what), host);
    else
      runtime::respond_with_error(what->sender, host, what->mid.response_id(),
                                  to_caf_error(obstacle_in(*view, path_)));
  }

  void on_destroy() override {
    insist([this] { cleanup(caf::exit_reason::unreachable, nullptr); });
  }

private:
  const std::shared_ptr<child_slot> slot_;
  const std::string path_;
};

} // namespace

caf::actor make_supervisor_proxy(caf::actor_system& system,
                                 std::shared_ptr<child_slot> slot,
                                 std::string path) {
  caf::actor_config config;
  return caf::make_actor<supervisor_proxy, caf::actor>(
    system.next_actor_id(), system.node(), &system, config, std::move(slot),
    std::move(path));
}

} // namespace pyactor::supervisors::engine
