#pragma once

#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

namespace pyactor::capi {

/// Empties a globals dict in two steps, because `__del__` methods need their
/// globals: first what is not a function, class, module or constant, newest
/// first; then the rest. What `__del__` methods raise goes to
/// `sys.unraisablehook`.
/// @post no exception is set
void release_globals(attach_scope& py, object_ref globals) noexcept;

} // namespace pyactor::capi
