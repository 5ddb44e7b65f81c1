#include <Python.h>

#include <pyactor/libpyactor/capi/start/thread_state.hpp>

#include <pyactor/libpyactor/capi/source/snippet.hpp>

#include <chrono>
#include <thread>

namespace pyactor::capi {

namespace {

constexpr PyInterpreterConfig own_gil_config() {
  PyInterpreterConfig result{};
  result.use_main_obmalloc = 0;
  result.allow_fork = 0;
  result.allow_exec = 0;
  result.allow_threads = 1;
  // One that is alive at the end of its interpreter aborts the process.
  result.allow_daemon_threads = 0;
  result.check_multi_interp_extensions = 1;
  result.gil = PyInterpreterConfig_OWN_GIL;
  return result;
}

/// Frees the attached thread state; this thread is not attached then.
void delete_attached(PyThreadState* thread) noexcept {
  PyThreadState_Clear(thread);
  PyThreadState_DeleteCurrent();
}

/// Python's own wait, which also tells thread pools to end.
constexpr auto shutdown = R"(
import sys

def run():
    threading = sys.modules.get("threading")
    if threading:
        threading._shutdown()
)";

bool has_others(PyThreadState* thread) noexcept {
  auto* head = PyInterpreterState_ThreadHead(thread->interp);
  return head != thread || PyThreadState_Next(head);
}

void wait_for_others(PyThreadState* thread) noexcept {
  if (!has_others(thread))
    return;
  if (auto run = make_snippet(shutdown))
    static_cast<void>(object_ref::steal(PyObject_CallNoArgs(run.get())));
  PyErr_Clear();
  // A thread that `threading` does not know gives no sign when it ends.
  while (has_others(thread)) {
    PyEval_SaveThread();
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    PyEval_RestoreThread(thread);
  }
}

} // namespace

expected<PyThreadState*> new_own_gil(PyInterpreterState* main) {
  auto* parent = PyThreadState_New(main);
  if (!parent)
    return fail(errc::start_failed, "no memory for a Python thread state");
  PyEval_RestoreThread(parent);
  auto config = own_gil_config();
  PyThreadState* result = nullptr;
  auto status = Py_NewInterpreterFromConfig(&result, &config);
  // Attached to the new interpreter, or to the old one where that failed.
  if (result)
    PyThreadState_Swap(parent);
  delete_attached(parent);
  if (PyStatus_Exception(status))
    return fail(errc::start_failed,
                std::string{"an interpreter could not start: "}
                  + (status.err_msg ? status.err_msg : "unknown reason"));
  return result;
}

std::vector<running_thread> other_threads(PyThreadState* thread) {
  std::vector<running_thread> result;
  for (auto* i = PyInterpreterState_ThreadHead(thread->interp); i;
       i = PyThreadState_Next(i))
    if (i != thread)
      result.push_back({PyThreadState_GetID(i), i->thread_id});
  return result;
}

void end_thread_state(PyThreadState* thread, interpreter_kind kind) noexcept {
  PyEval_RestoreThread(thread);
  if (kind == interpreter_kind::own_gil) {
    wait_for_others(thread);
    Py_EndInterpreter(thread);
  } else {
    delete_attached(thread);
  }
}

} // namespace pyactor::capi
