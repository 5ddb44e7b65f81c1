#include <pyactor/supervisors/engine/json.hpp>
#include <pyactor/supervisors/engine/tree_names.hpp>
#include <pyactor/supervisors/tree.hpp>

namespace pyactor::supervisors {

namespace {

using engine::json_seconds;
using engine::name_of;
using engine::text_or_null;
using object = engine::json_object;

object summary_of(const supervisor_summary& what) {
  object result;
  result["strategy"] = name_of(what.strategy);
  result["intensity"] = what.intensity;
  result["period"] = json_seconds(what.period);
  result["window_used"] = what.window_used;
  result["queue_length"] = what.queue_length;
  result["stale_events"] = what.stale_events;
  result["lost_requests"] = what.lost_requests;
  result["lost_messages"] = what.lost_messages;
  auto& zombies = result["zombies"] = object::array();
  for (const auto& lost : what.zombies) {
    object entry;
    entry["id"] = lost.id;
    entry["incarnation"] = lost.incarnation;
    entry["context"] = text_or_null(lost.context);
    zombies.push_back(std::move(entry));
  }
  return result;
}

object object_of(const tree_node& node) {
  object result;
  result["id"] = text_or_null(node.id);
  result["type"] = name_of(node.type);
  result["status"] = to_string(node.status);
  result["restart"] = node.restart ? object(name_of(*node.restart)) : object{};
  result["incarnation"] = node.incarnation;
  result["starts"] = node.starts;
  result["restarts"] = node.restarts;
  result["consecutive_failures"] = node.consecutive_failures;
  result["last_exit"] = text_or_null(node.last_exit.value_or(""));
  result["ready"] = node.ready;
  result["throttled"] = node.throttled;
  result["given_up"] = node.given_up;
  result["next_start_in"]
    = node.next_start_in ? object(json_seconds(*node.next_start_in)) : object{};
  auto runs = node.status == child_status::running;
  result["uptime"] = runs ? object(json_seconds(node.uptime)) : object{};
  result["context"] = text_or_null(node.context);
  result["tags"] = node.tags;
  if (node.type != child_type::supervisor)
    return result;
  result["supervisor"]
    = node.supervisor ? summary_of(*node.supervisor) : object{};
  result["error"] = text_or_null(node.error);
  auto& children = result["children"] = object::array();
  for (const auto& child : node.children)
    children.push_back(object_of(child));
  return result;
}

} // namespace

std::string to_json(const tree_node& top) {
  return engine::one_line(object_of(top));
}

} // namespace pyactor::supervisors
