#include <pyactor/supervisors/engine/json.hpp>
#include <pyactor/supervisors/engine/tree_names.hpp>
#include <pyactor/supervisors/statistics.hpp>

namespace pyactor::supervisors {

std::string to_json(const supervision_event& event) {
  using engine::json_seconds;
  engine::json_object result;
  result["what"] = to_string(event.what);
  result["id"] = event.id;
  result["incarnation"] = event.incarnation;
  result["exit"] = engine::text_or_null(
    event.exit ? engine::line_about(*event.exit) : std::string{});
  result["latency"] = json_seconds(event.latency);
  result["pause"] = json_seconds(event.pause);
  result["others"] = event.others;
  result["context"] = engine::text_or_null(event.context);
  return engine::one_line(result);
}

} // namespace pyactor::supervisors
