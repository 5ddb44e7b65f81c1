#pragma once

#include <Python.h>

#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

namespace pyactor::capi {

/// Finds the class that `what` names, importing or running what is needed, and
/// checks that it is one of an actor; see `actor_object::create`.
[[nodiscard]] expected<object_ref>
find_actor_class(attach_scope& py, environment& env, const actor_class& what);

} // namespace pyactor::capi
