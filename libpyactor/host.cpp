#include <pyactor/libpyactor/host.hpp>

#include <pyactor/libpyactor/extension.hpp>

namespace pyactor {

actor_ref::~actor_ref() = default;

host::~host() = default;

std::span<const extension> host::extensions() const noexcept {
  return {};
}

} // namespace pyactor
