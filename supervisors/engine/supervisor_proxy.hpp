#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/engine/child_slot.hpp>

#include <memory>
#include <string>

namespace pyactor::supervisors::engine {

/// @param slot  of a child that is to be a supervisor
/// @param path  the ids that lead to it, for people
/// @returns an actor that passes requests on to the supervisor that `slot`
///          shows at that moment, and refuses them where it shows none: they
///          wait for nobody, and never reach a worker. Other messages do
///          nothing to it. It has no turn of its own: all that happens on the
///          sender's thread. It lives for as long as anybody holds it.
/// @thread any
[[nodiscard]] caf::actor make_supervisor_proxy(caf::actor_system& system,
                                               std::shared_ptr<child_slot> slot,
                                               std::string path);

} // namespace pyactor::supervisors::engine
