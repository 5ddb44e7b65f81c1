#include <Python.h>

#include <pyactor/libpyactor/interrupt.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/module/module_state.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <chrono>
#include <optional>
#include <thread>

namespace pyactor {

namespace {

/// How long code of the import system is left alone until the next look; no
/// event tells when it goes on.
constexpr auto import_pause = std::chrono::milliseconds{1};

/// It does not stay away for longer, unless it waits for C code or for another
/// thread, which no exception would end. Far less than the time after which
/// whoever interrupts takes the GIL for wedged.
constexpr auto import_patience = std::chrono::milliseconds{100};

/// A thread state of the calling thread's own, attached for its lifetime.
class visit {
public:
  explicit visit(PyInterpreterState* where)
    : thread_(PyThreadState_New(where)) {
    if (thread_)
      PyEval_RestoreThread(thread_);
  }

  visit(const visit&) = delete;
  visit& operator=(const visit&) = delete;

  ~visit() {
    if (!thread_)
      return;
    PyThreadState_Clear(thread_);
    PyThreadState_DeleteCurrent();
  }

  explicit operator bool() const noexcept {
    return thread_ != nullptr;
  }

  /// Detached meanwhile.
  void pause(std::chrono::milliseconds time) const {
    PyEval_SaveThread();
    std::this_thread::sleep_for(time);
    PyEval_RestoreThread(thread_);
  }

private:
  PyThreadState* thread_;
};

bool is_pending(PyThreadState* thread) noexcept {
  return __atomic_load_n(&thread->async_exc, __ATOMIC_ACQUIRE) != nullptr;
}

/// The import system takes locks in Python, in ways that an exception from
/// outside comes between: a lock would stay taken, and imports of other threads
/// of that interpreter would wait for ever. What it calls is protected by
/// `finally`, so that only the innermost frame matters.
bool is_importing(PyThreadState* thread) {
  auto frame = object_ref::steal(
    reinterpret_cast<PyObject*>(PyThreadState_GetFrame(thread)));
  if (!frame)
    return false;
  auto code = object_ref::steal(reinterpret_cast<PyObject*>(
    PyFrame_GetCode(reinterpret_cast<PyFrameObject*>(frame.get()))));
  auto* file = reinterpret_cast<PyCodeObject*>(code.get())->co_filename;
  return PyUnicode_CompareWithASCIIString(file, "<frozen importlib._bootstrap>")
         == 0;
}

/// Takes back what waits to come through.
/// @returns whether an exception has
bool take_back(interpreter::state& state) {
  std::unique_lock guard{state.interrupt_mtx};
  auto raised = std::exchange(state.interrupts, 0);
  auto is_waiting = is_pending(state.thread);
  PyThreadState_SetAsyncExc(state.thread->thread_id, nullptr);
  return raised > (is_waiting ? 1 : 0);
}

/// An exception that is raised in what the import system calls may yet come
/// through only when that has returned, and leave the import lock taken.
/// @thread that of the interpreter, which imports nothing
void release_import_lock() {
  auto imp = object_ref::steal(PyImport_ImportModule("_imp"));
  while (imp
         && object_ref::steal(
           PyObject_CallMethod(imp.get(), "release_lock", nullptr)))
    continue;
  PyErr_Clear(); // this thread does not hold it any more
}

/// @returns whether `aim` agreed; none where it is to be asked again later
std::optional<bool> try_to_interrupt(interpreter::state& state,
                                     PyObject* exception,
                                     const std::function<bool()>& aim) {
  // The GIL would do, where there is one.
  std::unique_lock guard{state.interrupt_mtx};
  if (!aim())
    return false;
  if (is_pending(state.thread))
    return true;
  if (is_importing(state.thread))
    return std::nullopt;
  ++state.interrupts;
  PyThreadState_SetAsyncExc(state.thread->thread_id, exception);
  return true;
}

} // namespace

bool interrupt(interpreter& target, const std::function<bool()>& aim) {
  auto& state = target.internals();
  visit here{state.thread->interp};
  auto* module = here ? capi::current_module_state() : nullptr;
  if (!module)
    return false;
  auto deadline = std::chrono::steady_clock::now() + import_patience;
  for (;;) {
    if (auto agreed = try_to_interrupt(state, module->interrupted, aim))
      return *agreed;
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
    here.pause(import_pause);
  }
}

bool settle_interrupts(attach_scope& py) {
  if (!take_back(py.owner().internals()))
    return false;
  release_import_lock();
  return true;
}

} // namespace pyactor
