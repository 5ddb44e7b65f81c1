#include <pyactor/libpyactor/log.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace pyactor {

namespace {

using logger_ptr = std::shared_ptr<spdlog::logger>;

/// The user's logger of that name, or one that writes to stderr.
logger_ptr find_or_make(const std::string& name) {
  if (auto found = spdlog::get(name))
    return found;
  auto made = std::make_shared<spdlog::logger>(
    name, std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  made->set_level(spdlog::level::off);
  spdlog::register_logger(made);
  return made;
}

/// In the order of `layer`.
std::array<logger_ptr, 3>& loggers() {
  static std::array<logger_ptr, 3> result{
    find_or_make("pyactor.libpyactor"),
    find_or_make("pyactor.runtime"),
    find_or_make("pyactor.supervisors"),
  };
  return result;
}

} // namespace

spdlog::logger& log(layer which) {
  return *loggers()[static_cast<size_t>(which)];
}

expected<void> set_log_level(const std::string& level) {
  auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off")
    return fail(errc::invalid_argument,
                "the log level is '" + level
                  + "'; it must be one of trace, debug, info, warning, error, "
                    "critical, off");
  for (auto& logger : loggers())
    logger->set_level(parsed);
  return {};
}

void abort_process(layer who, const std::string& why) {
  if (auto& log = pyactor::log(who); log.should_log(spdlog::level::critical))
    log.critical(why);
  else // No process ends without a word.
    std::fprintf(stderr, "%s\n", why.c_str());
  spdlog::apply_all(
    [](const std::shared_ptr<spdlog::logger>& each) { each->flush(); });
  std::fflush(nullptr);
  std::abort();
}

} // namespace pyactor
