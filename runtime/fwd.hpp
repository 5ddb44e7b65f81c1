#pragma once

namespace pyactor::runtime {

class actor_departure;
class context;
class pinned_base;
class pool;
class python_scope;
class router;
class runtime;
class slice;
struct pool_options;
struct runtime_options;

} // namespace pyactor::runtime
