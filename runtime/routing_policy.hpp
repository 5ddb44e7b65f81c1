#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// How a pool picks the context of a new actor. The pick is sticky: an actor
/// keeps its context for life.
enum class routing_policy : uint8_t {
  /// By the id of the CAF worker that first needs the context; in turn where
  /// the request comes from no worker.
  scheduler_id,
  /// In turn.
  round_robin,
  /// The context with the fewest live actors and environments.
  least_loaded,
};

/// @param policy one of the three
/// @returns its name in options, for example `scheduler-id`
[[nodiscard]] std::string_view to_string(routing_policy policy) noexcept;

/// @param text as `to_string` gives it
/// @returns the policy of that name, if there is one
[[nodiscard]] std::optional<routing_policy>
parse_routing_policy(std::string_view text) noexcept;

/// Picks a context: a pure function of its arguments.
/// @param policy how to pick
/// @param scheduler id of the CAF worker that asks, if one does
/// @param turn how many picks in turn came before this one
/// @param loads load of each context; not empty
/// @returns an index into `loads`
[[nodiscard]] size_t pick(routing_policy policy,
                          std::optional<size_t> scheduler, size_t turn,
                          std::span<const size_t> loads) noexcept;

} // namespace runtime
} // namespace pyactor
