#pragma once

#include <pyactor/test/supervisors/world.hpp>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

inline const pyactor::supervisors::start_limits one_at_a_time{
  .max_concurrent_starts = 1};

inline pyactor::supervisors::supervisor_flags
flags(pyactor::supervisors::start_throttle throttle) {
  return {.intensity = 1000,
          .period = std::chrono::hours{1000},
          .throttle = std::move(throttle)};
}

/// A supervisor on virtual time that keeps to limits.
struct throttled_world : world {
  explicit throttled_world(const pyactor::supervisors::start_limits& limits)
    : throttle{limits} {
    // nop
  }

  /// Starts the supervisor with children that start at once.
  void begin(std::initializer_list<std::string> ids) {
    std::vector<pyactor::supervisors::child_spec> specs;
    for (const auto& id : ids)
      specs.push_back(spec(id));
    start(flags(throttle), std::move(specs));
    happened();
  }

  /// From now on, `id` is ready when `ready` says so.
  void take_time(const std::string& id) {
    child(id).start = child_control::start_mode::manual_ack;
  }

  void ready(const std::string& id) {
    child(id).acks.back()();
    run();
  }

  /// Another supervisor with the same limits.
  pyactor::supervisors::supervisor_ref&
  another(std::vector<pyactor::supervisors::child_spec> specs) {
    others.push_back(pyactor::supervisors::spawn_supervisor(
                       system, flags(throttle), std::move(specs))
                       .value());
    run();
    return others.back();
  }

  pyactor::supervisors::start_throttle throttle;
  std::vector<pyactor::supervisors::supervisor_ref> others;
};
