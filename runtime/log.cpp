#include <pyactor/runtime/log.hpp>

namespace pyactor::runtime {

std::string join(const std::vector<std::string>& names) {
  std::string result;
  for (auto& name : names)
    result += (result.empty() ? "" : ", ") + name;
  return result;
}

} // namespace pyactor::runtime
