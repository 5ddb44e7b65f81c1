#pragma once

#include <Python.h>

#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <chrono>
#include <optional>

namespace pyactor::capi {

/// Finds the class that `what` names, importing or running what is needed, and
/// checks that it is one of an actor; see `actor_object::create`.
[[nodiscard]] expected<object_ref>
find_actor_class(attach_scope& py, environment& env, const actor_class& what);

/// What an actor's class says of `max_handler_time`; none for nothing.
/// @returns `invalid_argument` for what is no time
[[nodiscard]] expected<std::optional<std::chrono::nanoseconds>>
max_handler_time(attach_scope& py, const object_ref& type);

} // namespace pyactor::capi
