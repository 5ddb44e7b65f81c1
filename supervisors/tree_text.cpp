#include <pyactor/supervisors/engine/tree_names.hpp>
#include <pyactor/supervisors/tree.hpp>

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace pyactor::supervisors {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// How wide a line gets, an id, a context, and at least the notes at the end.
constexpr size_t line_width = 120;
constexpr size_t id_width = 32;
constexpr size_t context_width = 20;
constexpr size_t least_notes = 30;

// -- texts --------------------------------------------------------------------

/// @returns `text` as fmt shows it to a person who debugs: what is no
/// character,
///          or none to see, is escaped. Quotes stay as they are.
std::string printable(std::string_view text) {
  std::string result;
  for (;;) {
    auto quote = text.find('"');
    auto escaped = fmt::format("{:?}", text.substr(0, quote));
    result.append(escaped, 1, escaped.size() - 2);
    if (quote == std::string_view::npos)
      return result;
    result += '"';
    text.remove_prefix(quote + 1);
  }
}

/// @returns how many columns a terminal needs for `text`, as fmt reckons: it
///          fills up to a width, and says how much that makes
size_t width_of(std::string_view text) {
  constexpr size_t wide = 1000;
  return text.size() + wide - fmt::formatted_size("{:<1000}", text);
}

/// @returns as much of `text` as fits
std::string cut(std::string text, size_t width) {
  if (text.size() <= width || width_of(text) <= width)
    return text;
  return fmt::format("{:.{}}…", text, width - 1);
}

std::string padding(std::string_view text, size_t width) {
  auto own = width_of(text);
  return std::string(own < width ? width - own : 0, ' ');
}

/// @returns the two largest units of a time, for example `3h 7min`
std::string rough(nanoseconds time) {
  if (time < 1s)
    return fmt::format("{}ms", time / 1ms);
  if (time < 1min)
    return fmt::format("{:.1f}s", static_cast<double>(time / 100ms) / 10);
  if (time < 1h)
    return fmt::format("{}min {}s", time / 1min, time % 1min / 1s);
  if (time < 24h)
    return fmt::format("{}h {}min", time / 1h, time % 1h / 1min);
  return fmt::format("{}d {}h", time / 24h, time % 24h / 1h);
}

std::string describe(const supervisor_summary& what) {
  auto result = fmt::format("{}, {} of {} restarts in {:g}s",
                            engine::name_of(what.strategy), what.window_used,
                            what.intensity,
                            std::chrono::duration<double>{what.period}.count());
  if (!what.zombies.empty())
    result += fmt::format(", zombies: {}", what.zombies.size());
  if (what.queue_length > 0)
    result += fmt::format(", orders that wait: {}", what.queue_length);
  if (what.stale_events > 0)
    result += fmt::format(", stale events: {}", what.stale_events);
  if (what.lost_requests > 0)
    result += fmt::format(", lost requests: {}", what.lost_requests);
  if (what.lost_messages > 0)
    result += fmt::format(", lost messages: {}", what.lost_messages);
  return result;
}

std::string notes_of(const tree_node& node) {
  std::string result;
  auto add = [&](const std::string& text) {
    result += result.empty() ? "" : "; ";
    result += text;
  };
  if (!node.error.empty())
    add(node.error);
  if (node.throttled)
    add("waits for its turn to start");
  if (node.supervisor)
    add(describe(*node.supervisor));
  if (node.last_exit)
    add("last exit: " + printable(*node.last_exit));
  return result;
}

// -- the table ----------------------------------------------------------------

enum column : size_t { id, type, state, run, restarts, uptime, context, notes };

using line = std::array<std::string, notes + 1>;

constexpr std::string_view gap = "  ";

constexpr bool is_number(size_t what) {
  return what == run || what == restarts || what == uptime;
}

line line_of(const tree_node& node, const std::string& branch) {
  line result;
  result[id]
    = branch
      + cut(node.id.empty() ? "supervisor" : printable(node.id), id_width);
  result[type] = engine::name_of(node.type);
  auto is_waiting = node.status == child_status::running && !node.ready;
  result[state] = is_waiting ? "not ready" : to_string(node.status);
  if (node.restart) {
    result[run] = '#' + std::to_string(node.incarnation);
    result[restarts] = std::to_string(node.restarts);
  }
  if (node.status == child_status::running)
    result[uptime] = rough(node.uptime);
  result[context] = cut(printable(node.context), context_width);
  result[notes] = notes_of(node);
  return result;
}

/// @param indent  what stands before the branches of the node's children
void add_children(const tree_node& node, const std::string& indent,
                  std::vector<line>& lines) {
  for (const auto& child : node.children) {
    auto last = &child == &node.children.back();
    lines.push_back(line_of(child, indent + (last ? "└── " : "├── ")));
    add_children(child, indent + (last ? "    " : "│   "), lines);
  }
}

/// @returns how wide each column is; 0 where nothing stands below its title
std::array<size_t, notes> widths_of(const std::vector<line>& lines) {
  std::array<size_t, notes> result{};
  for (size_t i = 0; i < notes; ++i) {
    for (size_t row = 1; row < lines.size(); ++row)
      result[i] = std::max(result[i], width_of(lines[row][i]));
    if (result[i] > 0)
      result[i] = std::max(result[i], width_of(lines[0][i]));
  }
  return result;
}

std::string text_of(const line& what, const std::array<size_t, notes>& widths) {
  std::string result;
  size_t used = 0;
  for (size_t i = 0; i < notes; ++i) {
    if (widths[i] == 0)
      continue;
    auto space = padding(what[i], widths[i]);
    result += is_number(i) ? space + what[i] : what[i] + space;
    result += gap;
    used += widths[i] + gap.size();
  }
  auto left = std::max(line_width - std::min(used, line_width), least_notes);
  result += cut(what[notes], left);
  result.erase(result.find_last_not_of(' ') + 1);
  return result + '\n';
}

} // namespace

std::string to_text(const tree_node& top) {
  std::vector lines{line{"ID", "TYPE", "STATE", "RUN", "RESTARTS", "UPTIME",
                         "CONTEXT", "NOTES"},
                    line_of(top, {})};
  add_children(top, {}, lines);
  auto widths = widths_of(lines);
  std::string result;
  for (const auto& what : lines)
    result += text_of(what, widths);
  return result;
}

} // namespace pyactor::supervisors
