#include <pyactor/supervisors/engine/tree_names.hpp>

#include <algorithm>

namespace pyactor::supervisors::engine {

namespace {

/// @returns the first line that is not blank
std::string_view first_line(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  text = text.substr(0, text.find_first_of("\r\n"));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

} // namespace

std::string line_about(const exit_info& how) {
  // As Python prints its exceptions: only other modules are named.
  constexpr std::string_view understood = "builtins.";
  std::string result{to_string(how.kind)};
  auto text = first_line(how.message);
  if (text.empty())
    return result;
  if (text.starts_with(understood))
    text.remove_prefix(understood.size());
  if (how.kind == exit_kind::error)
    return std::string{text};
  return result.append(": ").append(text);
}

} // namespace pyactor::supervisors::engine
