#pragma once

#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

namespace pyactor::capi {

/// Releases a globals dict in two steps, because `__del__` methods need their
/// globals: first what is not a function, class, module or constant, newest
/// first; then the dict, which goes in the next collection where functions or
/// cycles refer to it. What `__del__` methods raise goes to
/// `sys.unraisablehook`.
/// @post an exception that was set is set still, and no other
void release_globals(attach_scope& py, object_ref globals) noexcept;

} // namespace pyactor::capi
