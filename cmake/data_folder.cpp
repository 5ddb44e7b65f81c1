#include <pyactor/cmake/data_folder.hpp>

namespace pyactor {

const char* data_folder() noexcept {
  return PYACTOR_DATA_FOLDER;
}

} // namespace pyactor
