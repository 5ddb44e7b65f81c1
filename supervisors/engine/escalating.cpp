#include <pyactor/supervisors/engine/escalating.hpp>

#include <pyactor/libpyactor/log.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace pyactor::supervisors::engine {

std::chrono::nanoseconds
longest_pause(const std::optional<restart_backoff>& backoff,
              std::chrono::nanoseconds min_retry_delay,
              std::chrono::nanoseconds period) noexcept {
  return backoff ? backoff->max : std::max(min_retry_delay, period);
}

void abort_process(const std::string& why) {
  auto& log = pyactor::log(layer::supervisors);
  if (log.should_log(spdlog::level::critical))
    log.critical(why);
  else // No process ends without a word.
    std::fprintf(stderr, "%s\n", why.c_str());
  spdlog::apply_all([](const std::shared_ptr<spdlog::logger>& each) { //
    each->flush();
  });
  std::fflush(nullptr);
  std::abort();
}

} // namespace pyactor::supervisors::engine
