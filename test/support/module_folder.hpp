#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include <stdlib.h>

namespace pyactor::test {

/// A folder of Python modules, for as long as this object lives.
class module_folder {
public:
  module_folder() {
    auto name
      = (std::filesystem::temp_directory_path() / "pyactor-XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw std::runtime_error{"cannot make a folder for modules"};
    path_ = name;
  }

  module_folder(const module_folder&) = delete;
  module_folder& operator=(const module_folder&) = delete;

  ~module_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  void add(const std::string& module, std::string_view text) {
    std::ofstream{path_ / (module + ".py")} << text;
  }

  [[nodiscard]] std::string path() const {
    return path_.string();
  }

private:
  std::filesystem::path path_;
};

} // namespace pyactor::test
