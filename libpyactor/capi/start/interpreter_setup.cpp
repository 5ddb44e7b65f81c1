#include <Python.h>

#include <pyactor/libpyactor/capi/start/interpreter_setup.hpp>

#include <pyactor/libpyactor/capi/compat.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/source/snippet.hpp>
#include <pyactor/libpyactor/capi/start/venv.hpp>
#include <pyactor/libpyactor/capi/text.hpp>

namespace pyactor::capi {

namespace {

/// CPython puts a venv's folders behind its own; they go to the front here,
/// and `.pth` files are not run a second time.
constexpr auto set_up = R"(
import sys

def venv_folders(site_packages):
    import site
    path = sys.path
    if site_packages not in path:
        known = set(path)
        site.addsitedir(site_packages)
        return [x for x in sys.path if x not in known]
    system = site.getsitepackages([sys.base_prefix, sys.base_exec_prefix])
    result = []
    for folder in path[path.index(site_packages):]:
        if folder in system:
            break
        result.append(folder)
    return result

def run(search_paths, site_packages, switch_interval):
    front = list(search_paths)
    if site_packages:
        front += venv_folders(site_packages)
    sys.path[:] = front + [x for x in sys.path if x not in front]
    if switch_interval > 0:
        sys.setswitchinterval(switch_interval)
)";

unexpected failed(attach_scope& py) {
  auto what = fetch_error(py);
  what.code = errc::start_failed;
  return unexpected{std::move(what)};
}

object_ref make_list(const std::vector<std::string>& texts) {
  auto result = object_ref::steal(PyList_New(0));
  for (const auto& text : texts) {
    auto item = make_text(text);
    if (!result || !item || PyList_Append(result.get(), item.get()) != 0)
      return {};
  }
  return result;
}

} // namespace

expected<void> set_up_interpreter(attach_scope& py,
                                  const python_config& config) {
  std::string site_packages;
  if (!config.venv.empty()) {
    auto found = inspect_venv(config.venv);
    if (!found)
      return unexpected{std::move(found).error()};
    site_packages = std::move(found->site_packages);
  }
  if (!claim_main_thread())
    return failed(py);
  auto run = make_snippet(set_up);
  auto folders = make_list(config.search_paths);
  auto site = make_text(site_packages);
  if (!run || !folders || !site)
    return failed(py);
  std::chrono::duration<double> interval = config.switch_interval;
  auto done = object_ref::steal(PyObject_CallFunction(
    run.get(), "OOd", folders.get(), site.get(), interval.count()));
  if (!done)
    return failed(py);
  return {};
}

} // namespace pyactor::capi
