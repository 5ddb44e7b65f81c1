#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/engine/child_slot.hpp>

#include <memory>

namespace pyactor::supervisors::engine {

/// @returns an actor that passes all that it is sent on to the child that
///          `slot` shows at that moment, or to its reception. It has no turn of
///          its own: that happens on the sender's thread. It lives for as long
///          as anybody holds it; exit messages do nothing to it.
/// @thread any
[[nodiscard]] caf::actor make_proxy(caf::actor_system& system,
                                    std::shared_ptr<child_slot> slot);

} // namespace pyactor::supervisors::engine
