#pragma once

#include <pyactor/test/supervisors/world.hpp>

#include <string>
#include <utility>

/// A supervisor of `simple_one_for_one` on virtual time. Its children are c-1,
/// c-2 ...; each does what `child("c-1")` says at each moment.
struct simple_world : world {
  explicit simple_world(pyactor::supervisors::restart_type restart
                        = pyactor::supervisors::restart_type::permanent,
                        pyactor::supervisors::supervisor_flags flags
                        = {.intensity = 2, .period = std::chrono::hours{1}})
    : simple_world(std::move(flags)) {
    begin(spec("c", restart));
  }

  explicit simple_world(pyactor::supervisors::supervisor_flags how)
    : flags(std::move(how)) {
    flags.strategy = pyactor::supervisors::restart_strategy::simple_one_for_one;
  }

  void begin(pyactor::supervisors::child_spec one) {
    start(flags, {std::move(one)});
    journal.clear();
  }

  /// Starts so many children.
  void add(int children) {
    for (int i = 0; i < children; ++i)
      static_cast<void>(add());
  }

  pending add(caf::message arguments = {}) {
    return order(pyactor::supervisors::start_child_with{std::move(arguments)});
  }

  pyactor::supervisors::supervisor_flags flags;
};
