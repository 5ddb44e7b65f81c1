#pragma once

#include <pyactor/runtime/pinned_actor.hpp>

namespace pyactor::test {

/// Fails an allocation of its context's thread, between its two messages: whose
/// it is and its number, as `allocation_failure` takes them, then a `bool`,
/// which asks whether it came to that.
caf::behavior saboteur(runtime::python_actor* self);

} // namespace pyactor::test
