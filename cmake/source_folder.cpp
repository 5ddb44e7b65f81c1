#include <pyactor/cmake/source_folder.hpp>

namespace pyactor {

const char* source_folder() noexcept {
  return PYACTOR_SOURCE_FOLDER;
}

} // namespace pyactor
