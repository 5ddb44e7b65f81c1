#pragma once

#include <pyactor/libpyactor/export.hpp>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

class actor_departure;
class context;
class context_set;
class pinned_base;
class pool;
class python_scope;
class router;
class runtime;
class slice;
class weak_runtime;
struct pool_options;
struct runtime_options;

} // namespace runtime
} // namespace pyactor
