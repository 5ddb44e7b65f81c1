#include <pyactor/runtime/log.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>

#include <algorithm>
#include <array>

namespace pyactor::runtime {

namespace {

constexpr std::array<const char*, 3> layers{
  "pyactor.libpyactor", "pyactor.runtime", "pyactor.supervisors"};

/// The user's logger of that name, or one that writes to stderr.
std::shared_ptr<spdlog::logger> find_or_make(const std::string& name) {
  if (auto found = spdlog::get(name))
    return found;
  auto made = std::make_shared<spdlog::logger>(
    name, std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  made->set_level(spdlog::level::off);
  spdlog::register_logger(made);
  return made;
}

} // namespace

spdlog::logger& log() {
  static auto logger = find_or_make("pyactor.runtime");
  return *logger;
}

expected<void> set_log_level(const std::string& level) {
  auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off")
    return fail(errc::invalid_argument,
                "pyactor.log-level is '" + level
                  + "'; it must be one of trace, debug, info, warning, error, "
                    "critical, off");
  for (auto* name : layers)
    find_or_make(name)->set_level(parsed);
  return {};
}

std::string join(const std::vector<std::string>& names) {
  std::string result;
  for (auto& name : names)
    result += (result.empty() ? "" : ", ") + name;
  return result;
}

} // namespace pyactor::runtime
