#pragma once

#include <pyactor/libpyactor/log.hpp>

#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

/// Keeps what supervisors log at a level or above, line by line.
/// @pre nobody logs as this begins, ends, or is read
class captured_log {
public:
  explicit captured_log(spdlog::level::level_enum level)
    : log_(pyactor::log(pyactor::layer::supervisors)), level_(log_.level()),
      others_(log_.sinks()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
    sink->set_pattern("%l %v");
    log_.sinks() = {std::move(sink)};
    log_.set_level(level);
  }

  captured_log(const captured_log&) = delete;
  captured_log& operator=(const captured_log&) = delete;

  ~captured_log() {
    log_.sinks() = others_;
    log_.set_level(level_);
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> result;
    std::istringstream text{text_.str()};
    for (std::string line; std::getline(text, line);)
      result.push_back(line);
    return result;
  }

private:
  spdlog::logger& log_;
  spdlog::level::level_enum level_;
  std::vector<spdlog::sink_ptr> others_;
  std::ostringstream text_;
};
