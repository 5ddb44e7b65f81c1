#include <pyactor/libpyactor/version.hpp>

namespace pyactor {

std::string_view version() noexcept {
  return PYACTOR_VERSION;
}

} // namespace pyactor
