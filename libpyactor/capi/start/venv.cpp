#include <Python.h>

#include <pyactor/libpyactor/capi/start/venv.hpp>

#include <filesystem>
#include <fstream>

namespace pyactor::capi {

namespace {

namespace fs = std::filesystem;

/// For example `3.14`.
std::string own_version() {
  return std::to_string(PY_MAJOR_VERSION) + "."
         + std::to_string(PY_MINOR_VERSION);
}

/// @returns `3.14` from `3.14.8` or `3.14.8.final.0`
std::string major_minor(const std::string& version) {
  auto first = version.find('.');
  if (first == version.npos)
    return version;
  return version.substr(0, version.find('.', first + 1));
}

std::string trimmed(const std::string& text) {
  auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// @returns the version that `pyvenv.cfg` names, or empty
std::string version_in(std::istream& config) {
  for (std::string line; std::getline(config, line);) {
    auto equals = line.find('=');
    if (equals == line.npos)
      continue;
    auto key = trimmed(line.substr(0, equals));
    if (key == "version" || key == "version_info")
      return trimmed(line.substr(equals + 1));
  }
  return {};
}

} // namespace

expected<venv> inspect_venv(std::string_view folder) {
  std::error_code failed;
  auto root = fs::absolute(folder, failed).lexically_normal();
  if (!root.has_filename())
    root = root.parent_path();
  auto name = "venv '" + root.string() + "'";
  std::ifstream config{root / "pyvenv.cfg"};
  if (failed || !config)
    return fail(errc::invalid_argument,
                name
                  + " is no virtual environment: it has no pyvenv.cfg; make "
                    "one with python"
                  + own_version() + " -m venv");
  auto version = version_in(config);
  if (!version.empty() && major_minor(version) != own_version())
    return fail(errc::invalid_argument,
                name + " is for Python " + version + ", but this program runs "
                  + PY_VERSION + "; make one with python" + own_version()
                  + " -m venv");
  venv result{
    (root / "bin" / "python").string(),
    (root / "lib" / ("python" + own_version()) / "site-packages").string()};
  for (const auto& needed : {result.executable, result.site_packages})
    if (!fs::exists(needed, failed))
      return fail(errc::invalid_argument,
                  name + " is no virtual environment for Python "
                    + own_version() + ": it lacks " + needed);
  return result;
}

} // namespace pyactor::capi
