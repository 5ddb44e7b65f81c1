#pragma once

#include <pyactor/supervisors/supervisor.hpp>

#include <cstddef>
#include <string_view>

namespace pyactor::supervisors::engine {

/// @param specs how many child specs there are
/// @returns what does not go together, for a person; empty where all is well
[[nodiscard]] std::string_view bad_combination(const supervisor_flags& flags,
                                               size_t specs) noexcept;

/// @returns the order that is meant
[[nodiscard]] stop_order stop_order_of(const supervisor_flags& flags) noexcept;

} // namespace pyactor::supervisors::engine
