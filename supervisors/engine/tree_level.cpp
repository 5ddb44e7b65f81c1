#include <pyactor/supervisors/engine/supervisor_actor.hpp>
#include <pyactor/supervisors/engine/tree_names.hpp>

namespace pyactor::supervisors::engine {

tree_node node_of(child_info what) {
  tree_node result{.id = std::move(what.id),
                   .type = what.type,
                   .status = what.status,
                   .restart = what.restart,
                   .incarnation = what.incarnation,
                   .starts = what.starts,
                   .restarts = what.restarts,
                   .consecutive_failures = what.consecutive_failures};
  if (what.last_exit)
    result.last_exit = line_about(*what.last_exit);
  result.uptime = what.uptime;
  result.ready = what.ready;
  result.throttled = what.throttled;
  result.given_up = what.given_up;
  result.next_start_in = what.next_start_in;
  result.tags = std::move(what.tags);
  result.context = std::move(what.context);
  return result;
}

tree_level supervisor_actor::level() const {
  tree_level result{.self = describe(), .nested = {}};
  auto known = list_children().children; // newest first
  for (const auto& [position, who] : roster_.children()) {
    if (who.spec->type == child_type::supervisor && who.handle)
      result.nested.push_back(
        {result.self.children.size(), who.handle.address()});
    result.self.children.push_back(node_of(std::move(known.back())));
    known.pop_back();
  }
  return result;
}

tree_node supervisor_actor::describe() const {
  tree_node result{.type = child_type::supervisor};
  switch (stage_) {
    case stage::initializing:
      result.status = child_status::starting;
      break;
    case stage::operating:
      result.status = child_status::running;
      result.uptime = clock().now() - operating_since_;
      result.ready = true;
      break;
    default:
      result.status = child_status::stopping;
      break;
  }
  auto seen = statistics().statistics;
  result.supervisor = {.strategy = flags_.strategy,
                       .intensity = flags_.intensity,
                       .period = flags_.period,
                       .window_used = seen.window_used,
                       .queue_length = seen.queue_length,
                       .stale_events = seen.stale_events,
                       .lost_requests = seen.lost_requests,
                       .lost_messages = seen.lost_messages,
                       .zombies = std::move(seen.zombies)};
  return result;
}

} // namespace pyactor::supervisors::engine
