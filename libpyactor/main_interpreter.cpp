#include <Python.h>

#include <pyactor/libpyactor/main_interpreter.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/actor_module.hpp>
#include <pyactor/libpyactor/capi/compat.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/start/interpreter_setup.hpp>
#include <pyactor/libpyactor/capi/start/python_version.hpp>
#include <pyactor/libpyactor/capi/start/venv.hpp>

#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#ifdef __GLIBC__
#  include <malloc.h>
#endif

namespace pyactor {

namespace {

unexpected start_failure(const PyStatus& status) {
  std::string text = "Python could not start: ";
  if (status.func)
    text += std::string{status.func} + ": ";
  return fail(errc::start_failed,
              text + (status.err_msg ? status.err_msg : "unknown reason"));
}

/// Frees what a PyConfig holds.
struct config_guard {
  PyConfig config;

  config_guard() {
    PyConfig_InitIsolatedConfig(&config);
  }

  config_guard(const config_guard&) = delete;
  config_guard& operator=(const config_guard&) = delete;

  ~config_guard() {
    PyConfig_Clear(&config);
  }
};

PyStatus preinitialize(const python_config& config) {
  PyPreConfig result;
  PyPreConfig_InitIsolatedConfig(&result);
  result.utf8_mode = 1;
  // PYTHONMALLOC is not read: isolated.
  if (config.allocator == python_config::allocator_kind::malloc)
    result.allocator = PYMEM_ALLOCATOR_MALLOC;
  return Py_PreInitialize(&result);
}

PyStatus initialize(const python_config& config,
                    const std::string& executable) {
  config_guard guard;
  auto& result = guard.config;
  result.install_signal_handlers = 0;
  std::vector<char*> arguments;
  for (const auto& argument : config.arguments)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  auto status = PyConfig_SetBytesArgv(
    &result, static_cast<Py_ssize_t>(arguments.size()), arguments.data());
  // Else `sys.executable` is whichever `python3` the PATH has.
  auto name = "python" + std::to_string(PY_MAJOR_VERSION) + "."
              + std::to_string(PY_MINOR_VERSION);
  if (!PyStatus_Exception(status))
    status
      = PyConfig_SetBytesString(&result, &result.program_name, name.c_str());
  if (!PyStatus_Exception(status) && !executable.empty())
    status = PyConfig_SetBytesString(&result, &result.executable,
                                     executable.c_str());
  return PyStatus_Exception(status) ? status : Py_InitializeFromConfig(&result);
}

/// Makes `_pyactor` a built-in module, once for the process.
expected<void> register_module() {
  for (auto* i = PyImport_Inittab; i->name; ++i)
    if (std::strcmp(i->name, "_pyactor") == 0)
      return {};
  if (PyImport_AppendInittab("_pyactor", PyInit__pyactor) != 0)
    return fail(errc::start_failed, "no memory for the module _pyactor");
  return {};
}

/// Whether CPython is being finalized; it denies early on to be initialized.
constinit std::atomic<bool> finalizing = false;

expected<std::string> executable_of(const python_config& config) {
  if (config.venv.empty())
    return std::string{};
  auto venv = capi::inspect_venv(config.venv);
  if (!venv)
    return unexpected{std::move(venv).error()};
  return std::move(venv->executable);
}

} // namespace

main_interpreter::main_interpreter(std::unique_ptr<state> impl) noexcept
  : state_(std::move(impl)) {
}

expected<std::unique_ptr<main_interpreter>>
main_interpreter::start(python_config config, host* outside) {
  // CPython has no lock of its own for this.
  static constinit std::mutex starting;
  std::lock_guard guard{starting};
  if (Py_IsInitialized() || finalizing)
    return fail(errc::already_exists, "Python runs in this process already");
  if (auto ok = capi::check_python_version(Py_Version, PY_VERSION_HEX); !ok)
    return unexpected{std::move(ok).error()};
  auto executable = executable_of(config);
  if (!executable)
    return unexpected{std::move(executable).error()};
  if (auto ok = register_module(); !ok)
    return unexpected{std::move(ok).error()};
  auto status = preinitialize(config);
  if (!PyStatus_Exception(status))
    status = initialize(config, *executable);
  if (PyStatus_Exception(status))
    return start_failure(status);
  auto impl = std::make_unique<state>();
  impl->config = std::move(config);
  impl->outside = outside;
  impl->interpreter_state = PyInterpreterState_Get();
  impl->thread = PyEval_SaveThread();
  std::unique_ptr<main_interpreter> result{
    new main_interpreter{std::move(impl)}};
  if (auto ok = result->state_->open_home(); !ok)
    return unexpected{std::move(ok).error()};
  return result;
}

expected<void> main_interpreter::state::open_home() {
  auto impl = std::make_unique<interpreter::state>(
    interpreter_kind::main, interpreter_limits{}, outside, thread);
  impl->owns_thread = false;
  auto opened = interpreter::state::open(std::move(impl));
  if (!opened)
    return unexpected{std::move(opened).error()};
  home = *std::move(opened);
  attach_scope py{*home};
  if (auto ok = capi::set_up_interpreter(py, config); !ok)
    return ok;
  return capi::install_package(py);
}

main_interpreter::~main_interpreter() {
  static_cast<void>(finalize());
}

expected<void> main_interpreter::finalize() {
  if (!state_->thread)
    return {};
  state_->home.reset();
  PyEval_RestoreThread(std::exchange(state_->thread, nullptr));
  finalizing = true;
  auto ended = Py_FinalizeEx();
  finalizing = false;
#ifdef __GLIBC__
  // Else what Python's threads have freed stays with this process.
  malloc_trim(0);
#endif
  if (ended != 0)
    return fail(errc::interpreter_lost,
                "Python ended, but could not flush its output");
  return {};
}

void main_interpreter::abandon() noexcept {
  state_->thread = nullptr;
  if (state_->home) {
    state_->home->abandon();
    state_->home.reset();
  }
}

const python_config& main_interpreter::config() const noexcept {
  return state_->config;
}

std::string main_interpreter::version() {
  std::string_view text = Py_GetVersion();
  return std::string{text.substr(0, text.find(' '))};
}

bool main_interpreter::supports_own_gil() noexcept {
  return capi::supports_own_gil();
}

} // namespace pyactor
