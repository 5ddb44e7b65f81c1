#pragma once

#include <pyactor/test/supervisors/world.hpp>

#include <string>
#include <utility>
#include <vector>

/// @returns the flags with what OTP has: a supervisor that gives up has ended
///          in order
inline pyactor::supervisors::supervisor_flags
as_otp(pyactor::supervisors::supervisor_flags flags) {
  flags.exits.give_up_is_failure = false;
  return flags;
}

/// @returns the spec with what OTP has: a start may take for ever, unless the
///          spec itself says otherwise
inline pyactor::supervisors::child_spec
as_otp(pyactor::supervisors::child_spec spec) {
  spec.start_timeout
    = spec.start_timeout.value_or(pyactor::supervisors::forever);
  return spec;
}

inline std::vector<pyactor::supervisors::child_spec>
as_otp(std::vector<pyactor::supervisors::child_spec> specs) {
  for (auto& each : specs)
    each = as_otp(std::move(each));
  return specs;
}

/// As `supervise`, with OTP's rules.
inline pyactor::supervisors::start_fn
otp_supervise(pyactor::supervisors::supervisor_flags flags,
              std::vector<pyactor::supervisors::child_spec> specs) {
  return pyactor::supervisors::supervise(as_otp(std::move(flags)),
                                         as_otp(std::move(specs)));
}

/// A world for OTP's own cases.
struct otp_world : world {
  using world::order;

  pyactor::supervisors::child_spec
  spec(const std::string& id, pyactor::supervisors::restart_type restart
                              = pyactor::supervisors::restart_type::permanent) {
    return as_otp(world::spec(id, restart));
  }

  void start(pyactor::supervisors::supervisor_flags flags,
             std::vector<pyactor::supervisors::child_spec> specs) {
    world::start(as_otp(std::move(flags)), as_otp(std::move(specs)));
  }

  pending order(pyactor::supervisors::start_child what) {
    return world::order(
      pyactor::supervisors::start_child{as_otp(std::move(what.spec))});
  }

  /// Starts another supervisor, beside its own.
  auto spawn(pyactor::supervisors::supervisor_flags flags,
             std::vector<pyactor::supervisors::child_spec> specs) {
    return pyactor::supervisors::spawn_supervisor(
      system, as_otp(std::move(flags)), as_otp(std::move(specs)));
  }

  reload_answer reload(pyactor::supervisors::supervisor_flags flags,
                       std::vector<pyactor::supervisors::child_spec> specs,
                       pyactor::supervisors::reload_mode mode) {
    return world::reload(as_otp(std::move(flags)), as_otp(std::move(specs)),
                         mode);
  }
};
