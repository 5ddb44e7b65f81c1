#include <pyactor/supervisors/exit_info.hpp>

#include <algorithm>

namespace pyactor::supervisors {

bool exception_info::is_a(std::string_view name) const noexcept {
  return type == name || std::ranges::find(bases, name) != bases.end();
}

exit_class classify(exit_kind kind, const exit_rules& rules) noexcept {
  switch (kind) {
    case exit_kind::normal:
      return exit_class::normal;
    case exit_kind::shutdown:
      return exit_class::shutdown;
    case exit_kind::give_up:
      return rules.give_up_is_failure ? exit_class::abnormal
                                      : exit_class::shutdown;
    default:
      return exit_class::abnormal;
  }
}

bool is_orderly_stop(const exit_info& how, bool is_killed) noexcept {
  switch (how.kind) {
    case exit_kind::shutdown:
    case exit_kind::unreachable:
    case exit_kind::interrupted:
      return true;
    case exit_kind::killed:
      return is_killed;
    default:
      return false;
  }
}

std::string_view to_string(exit_kind kind) noexcept {
  switch (kind) {
    case exit_kind::normal:
      return "normal";
    case exit_kind::shutdown:
      return "shutdown";
    case exit_kind::error:
      return "error";
    case exit_kind::killed:
      return "killed";
    case exit_kind::unreachable:
      return "unreachable";
    case exit_kind::start_failed:
      return "start_failed";
    case exit_kind::start_timeout:
      return "start_timeout";
    case exit_kind::hung:
      return "hung";
    case exit_kind::interpreter_lost:
      return "interpreter_lost";
    case exit_kind::abandoned:
      return "abandoned";
    case exit_kind::give_up:
      return "give_up";
    case exit_kind::liveness_failed:
      return "liveness_failed";
    case exit_kind::interrupted:
      return "interrupted";
    case exit_kind::host_exit:
      return "host_exit";
    case exit_kind::host_signal:
      return "host_signal";
    case exit_kind::host_lost:
      return "host_lost";
  }
  return "unknown";
}

std::string_view to_string(exit_class cls) noexcept {
  switch (cls) {
    case exit_class::normal:
      return "normal";
    case exit_class::shutdown:
      return "shutdown";
    case exit_class::abnormal:
      return "abnormal";
    case exit_class::fatal:
      return "fatal";
  }
  return "unknown";
}

namespace {

/// @returns where the character begins that `text` has at `at`, in UTF-8
size_t start_of_character(std::string_view text, size_t at) {
  if (at >= text.size())
    return text.size();
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80)
    --at;
  return at;
}

} // namespace

std::string to_string(const exit_info& how) {
  constexpr size_t limit = 500;
  std::string result{to_string(how.kind)};
  if (how.message.empty())
    return result;
  auto line = std::string_view{how.message}.substr(0, how.message.find('\n'));
  result += ": ";
  result += line.substr(0, start_of_character(line, limit));
  if (line.size() > limit)
    result += "...";
  return result;
}

} // namespace pyactor::supervisors
