#include <Python.h>

#include <pyactor/libpyactor/attach.hpp>

#include <pyactor/libpyactor/capi/interpreter_state.hpp>

#include <cassert>
#include <utility>

namespace pyactor {

namespace {

/// What the calling thread is attached to. A state outlives its abandoned
/// interpreter, so that a thread that is left behind can still detach.
constinit thread_local interpreter::state* attached = nullptr;

void attach(interpreter::state* target) noexcept {
  PyEval_RestoreThread(target->thread);
  attached = target;
}

void detach() noexcept {
  attached = nullptr;
  PyEval_SaveThread();
}

} // namespace

attach_scope::attach_scope(interpreter& owner) noexcept
  : owner_(owner), before_(attached) {
  auto* target = &owner.internals();
  if (before_ == target)
    return;
  if (before_)
    detach();
  attach(target);
}

attach_scope::~attach_scope() {
  auto* current = attached;
  assert(current && "detached inside an attach_scope");
  if (before_ == current)
    return;
  detach();
  if (before_)
    attach(static_cast<interpreter::state*>(before_));
}

detach_scope::detach_scope(attach_scope&) noexcept : before_(attached) {
  assert(attached && "detached already");
  detach();
}

detach_scope::~detach_scope() {
  attach(static_cast<interpreter::state*>(before_));
}

namespace capi {

interpreter::state* attached_interpreter() noexcept {
  return attached;
}

} // namespace capi

} // namespace pyactor
