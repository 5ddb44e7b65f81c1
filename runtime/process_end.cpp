#include <pyactor/runtime/process_end.hpp>

#include <pyactor/runtime/os_thread.hpp>

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdio>
#include <future>
#include <iostream>
#include <memory>

#include <unistd.h>

namespace pyactor::runtime {

namespace {

/// What is left behind may hold the lock of a stream for ever.
constexpr auto flush_time = std::chrono::seconds{1};

void flush_all() {
  spdlog::apply_all(
    [](const std::shared_ptr<spdlog::logger>& one) { one->flush(); });
  std::cout.flush();
  std::clog.flush();
  std::fflush(nullptr);
}

} // namespace

void end_process(int code) noexcept {
  auto flushed = std::make_shared<std::promise<void>>();
  os_thread thread;
  if (thread.start("py:flush", 0, [flushed] {
        flush_all();
        flushed->set_value();
      })) {
    static_cast<void>(flushed->get_future().wait_for(flush_time));
    thread.detach();
  }
  _exit(code);
}

} // namespace pyactor::runtime
