#include <Python.h>

#include <pyactor/libpyactor/interrupt.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/module/module_state.hpp>

namespace pyactor {

namespace {

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

private:
  PyThreadState* thread_;
};

bool is_pending(PyThreadState* thread) noexcept {
  return __atomic_load_n(&thread->async_exc, __ATOMIC_ACQUIRE) != nullptr;
}

} // namespace

bool interrupt(interpreter& target, const std::function<bool()>& aim) {
  auto& state = target.internals();
  visit here{state.thread->interp};
  auto* module = here ? capi::current_module_state() : nullptr;
  if (!module)
    return false;
  // The GIL would do, where there is one.
  std::unique_lock guard{state.interrupt_mtx};
  if (!aim())
    return false;
  if (is_pending(state.thread))
    return true;
  ++state.interrupts;
  PyThreadState_SetAsyncExc(state.thread->thread_id, module->interrupted);
  return true;
}

bool settle_interrupts(attach_scope& py) {
  auto& state = py.owner().internals();
  std::unique_lock guard{state.interrupt_mtx};
  auto raised = std::exchange(state.interrupts, 0);
  auto is_waiting = is_pending(state.thread);
  PyThreadState_SetAsyncExc(state.thread->thread_id, nullptr);
  return raised > (is_waiting ? 1 : 0);
}

} // namespace pyactor
