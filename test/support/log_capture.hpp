#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace pyactor::test {

/// What the runtime logs meanwhile.
/// @pre a runtime has been made, and nobody logs as this begins or ends
class log_capture {
public:
  log_capture() {
    spdlog::get("pyactor.runtime")->sinks().push_back(sink_);
  }

  log_capture(const log_capture&) = delete;
  log_capture& operator=(const log_capture&) = delete;

  ~log_capture() {
    std::erase(spdlog::get("pyactor.runtime")->sinks(), sink_);
  }

  /// @pre nobody logs at this moment
  [[nodiscard]] std::string text() const {
    return text_.str();
  }

private:
  std::ostringstream text_;
  spdlog::sink_ptr sink_
    = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
};

} // namespace pyactor::test
