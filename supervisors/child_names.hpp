#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/caf.hpp>
#include <pyactor/supervisors/child_ref.hpp>

#include <optional>
#include <string_view>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// @param system  of the supervisor
/// @param name  the `register_as` of a child of any supervisor of this actor
///              system
/// @returns that child, which has the name from its first start until it is
///          deleted or its supervisor ends, however often it is restarted
///          meanwhile; none where no child has the name
/// @thread any
[[nodiscard]] std::optional<child_ref> whereis(const caf::actor_system& system,
                                               std::string_view name);

} // namespace supervisors
} // namespace pyactor
