#include <pyactor/supervisors/tree.hpp>

#include <pyactor/supervisors/engine/tree_collector.hpp>

namespace pyactor::supervisors {

sup_expected<tree_node> tree(const supervisor_ref& top,
                             std::chrono::nanoseconds timeout) {
  auto& system = top.handle().home_system();
  caf::scoped_actor self{system};
  auto collector = engine::spawn_tree_collector(system, top.handle().address());
  sup_expected<tree_node> result;
  self->request(collector, engine::patience(timeout), get_tree{timeout})
    .receive([&](get_tree_reply& reply) { result = std::move(reply.result); },
             [&](const caf::error&) {
               result = std::unexpected{sup_error{.code = sup_errc::timed_out}};
             });
  return result;
}

} // namespace pyactor::supervisors
