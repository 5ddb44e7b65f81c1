#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

/// What all that becomes JSON has in common.
namespace pyactor::supervisors::engine {

/// Fields in the order in which they are set.
using json_object = nlohmann::ordered_json;

[[nodiscard]] inline double json_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>{time}.count();
}

[[nodiscard]] inline json_object text_or_null(const std::string& text) {
  return text.empty() ? json_object{} : json_object(text);
}

/// @returns one line; U+FFFD stands for what is not UTF-8
[[nodiscard]] inline std::string one_line(const json_object& what) {
  return what.dump(-1, ' ', false, json_object::error_handler_t::replace);
}

} // namespace pyactor::supervisors::engine
