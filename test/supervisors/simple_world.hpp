#pragma once

#include <pyactor/test/supervisors/otp_world.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <string>
#include <utility>

/// A supervisor of `simple_one_for_one` on virtual time. Its children are c-1,
/// c-2 ...; each does what `child("c-1")` says at each moment.
/// @tparam World  whose rules it has
template <class World>
struct simple_world_of : World {
  using typename World::pending;

  explicit simple_world_of(pyactor::supervisors::restart_type restart
                           = pyactor::supervisors::restart_type::permanent,
                           pyactor::supervisors::supervisor_flags flags
                           = {.intensity = 2, .period = std::chrono::hours{1}})
    : simple_world_of(std::move(flags)) {
    begin(this->spec("c", restart));
  }

  explicit simple_world_of(pyactor::supervisors::supervisor_flags how)
    : flags(std::move(how)) {
    flags.strategy = pyactor::supervisors::restart_strategy::simple_one_for_one;
  }

  void begin(pyactor::supervisors::child_spec one) {
    this->start(flags, {std::move(one)});
    this->journal.clear();
  }

  /// Starts so many children.
  void add(int children) {
    for (int i = 0; i < children; ++i)
      static_cast<void>(add());
  }

  pending add(caf::message arguments = {}) {
    return this->order(
      pyactor::supervisors::start_child_with{std::move(arguments)});
  }

  pyactor::supervisors::supervisor_flags flags;
};

using simple_world = simple_world_of<world>;

using otp_simple_world = simple_world_of<otp_world>;
