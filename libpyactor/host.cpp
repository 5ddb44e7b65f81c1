#include <pyactor/libpyactor/host.hpp>

namespace pyactor {

actor_ref::~actor_ref() = default;

host::~host() = default;

} // namespace pyactor
