#include <Python.h>

#include <pyactor/libpyactor/interpreter.hpp>

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/capi/actor_module.hpp>
#include <pyactor/libpyactor/capi/attribute.hpp>
#include <pyactor/libpyactor/capi/interpreter_state.hpp>
#include <pyactor/libpyactor/capi/python_error.hpp>
#include <pyactor/libpyactor/capi/source/snippet.hpp>
#include <pyactor/libpyactor/capi/start/interpreter_setup.hpp>
#include <pyactor/libpyactor/capi/start/thread_state.hpp>
#include <pyactor/libpyactor/capi/text.hpp>

#include <algorithm>

namespace pyactor {

namespace {

void run_release(attach_scope& py, capi::release_job& job) noexcept {
  std::unique_ptr<capi::release_job> owned{&job};
  owned->release(py);
}

/// Names the threads that an end would wait for: those of `idents`, and of the
/// main interpreter those that are not daemons.
constexpr auto thread_namer = R"(
import sys

def run(idents):
    threading = sys.modules.get("threading")
    known = {x.ident: x for x in threading.enumerate()} if threading else {}
    if idents is not None:
        return [known[x].name if x in known else "an unnamed thread"
                for x in idents]
    return [x.name for x in known.values()
            if not x.daemon and x is not threading.main_thread()
            and not isinstance(x, threading._DummyThread)]
)";

/// CPython takes a thread that it did not start for a daemon, and what that one
/// starts inherits it: nobody would wait for the threads of actors.
constexpr auto thread_adopter = R"(
import threading

def run():
    threading.current_thread()._daemonic = False
)";

expected<void> adopt_thread(attach_scope& py) {
  auto run = capi::make_snippet(thread_adopter);
  if (run && object_ref::steal(PyObject_CallNoArgs(run.get())))
    return {};
  auto what = capi::fetch_error(py);
  what.code = errc::start_failed;
  return unexpected{std::move(what)};
}

object_ref ident_list(const std::vector<capi::running_thread>& threads) {
  auto result = object_ref::steal(PyList_New(0));
  for (auto& each : threads) {
    auto item = object_ref::steal(PyLong_FromUnsignedLong(each.ident));
    if (!result || !item || PyList_Append(result.get(), item.get()) != 0)
      return {};
  }
  return result;
}

/// @param idents of threads, or None for those that the main interpreter's end
///               waits for
std::vector<std::string> names_of(const object_ref& idents) {
  std::vector<std::string> result;
  auto run = capi::make_snippet(thread_namer);
  object_ref names;
  if (run && idents)
    names = object_ref::steal(PyObject_CallOneArg(run.get(), idents.get()));
  if (!names || !PyList_Check(names.get()))
    PyErr_Clear();
  else
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(names.get()); ++i)
      result.push_back(capi::text_of(PyList_GET_ITEM(names.get(), i)));
  return result;
}

unexpected python_is_over() {
  return fail(errc::start_failed, "Python has ended already");
}

} // namespace

std::string_view to_string(interpreter_kind kind) noexcept {
  return kind == interpreter_kind::main ? "main" : "own_gil";
}

// -- state --------------------------------------------------------------------

interpreter::state::state(interpreter_kind kind, interpreter_limits limits,
                          host* outside, PyThreadState* thread)
  : kind(kind), limits(limits), id(PyInterpreterState_GetID(thread->interp)),
    outside(outside), thread(thread),
    releases(std::make_shared<capi::release_port>()),
    codes(limits.code_cache_entries), names(limits.code_cache_entries) {
}

expected<std::unique_ptr<interpreter>>
interpreter::state::open(std::unique_ptr<state> impl) {
  std::unique_ptr<interpreter> result{new interpreter{std::move(impl)}};
  auto& self = *result->state_;
  attach_scope py{*result};
  self.builtins = object_ref::borrow(PyEval_GetBuiltins());
  self.name_builtins = capi::make_name("__builtins__");
  self.name_name = capi::make_name("__name__");
  self.name_main = capi::make_name("__main__");
  if (self.name_builtins && self.name_name && self.name_main)
    return result;
  auto what = capi::fetch_error(py);
  what.code = errc::start_failed;
  return unexpected{std::move(what)};
}

void interpreter::state::clear(attach_scope& py) noexcept {
  auto run = [&](capi::release_job& job) noexcept { run_release(py, job); };
  releases->queue.drain(run);
  // From now on this interpreter takes nothing back.
  releases->queue.close(run);
  codes.clear();
  names.clear();
  builtins = name_builtins = name_name = name_main = {};
}

// -- start and end ------------------------------------------------------------

interpreter::interpreter(std::unique_ptr<state> impl) noexcept
  : state_(std::move(impl)) {
  state_->self = this;
}

expected<std::unique_ptr<interpreter>>
interpreter::open_main(main_interpreter& python, interpreter_limits limits) {
  auto& main = python.internals();
  if (!main.thread)
    return python_is_over();
  auto* thread = PyThreadState_New(main.interpreter_state);
  if (!thread)
    return fail(errc::start_failed, "no memory for a Python thread state");
  auto result = state::open(std::make_unique<state>(
    interpreter_kind::main, limits, main.outside, thread));
  if (!result)
    return result;
  attach_scope py{**result};
  if (auto ok = adopt_thread(py); !ok)
    return unexpected{std::move(ok).error()};
  return result;
}

expected<std::unique_ptr<interpreter>>
interpreter::start_own_gil(main_interpreter& python,
                           interpreter_limits limits) {
  if (!main_interpreter::supports_own_gil())
    return fail(errc::unsupported,
                "interpreters with their own GIL need CPython 3.14 or newer, "
                "and this is "
                  + main_interpreter::version()
                  + ", where importing numpy in one aborts the process; use "
                    "kind main, which is the default here");
  auto& main = python.internals();
  if (!main.thread)
    return python_is_over();
  auto thread = capi::new_own_gil(main.interpreter_state);
  if (!thread)
    return unexpected{std::move(thread).error()};
  auto result = state::open(std::make_unique<state>(
    interpreter_kind::own_gil, limits, main.outside, *thread));
  if (!result)
    return result;
  attach_scope py{**result};
  if (auto ok = capi::set_up_interpreter(py, main.config); !ok)
    return unexpected{std::move(ok).error()};
  if (auto ok = capi::install_package(py); !ok)
    return unexpected{std::move(ok).error()};
  return result;
}

interpreter::~interpreter() {
  if (state_->abandoned) {
    // What was left behind still uses it.
    static_cast<void>(state_.release());
    return;
  }
  {
    attach_scope py{*this};
    state_->clear(py);
  }
  if (state_->owns_thread)
    capi::end_thread_state(state_->thread, kind());
}

void interpreter::abandon() noexcept {
  state_->abandoned = true;
  state_->releases->queue.close([](capi::release_job& job) noexcept {
    std::unique_ptr<capi::release_job> owned{&job};
    owned->leak();
  });
}

// -- what it tells ------------------------------------------------------------

interpreter_kind interpreter::kind() const noexcept {
  return state_->kind;
}

int64_t interpreter::id() const noexcept {
  return state_->id;
}

const interpreter_limits& interpreter::limits() const noexcept {
  return state_->limits;
}

interpreter_stats interpreter::stats() const noexcept {
  const auto& port = *state_->releases;
  return {.live_environments
          = port.live_environments.load(std::memory_order_relaxed),
          .released_environments
          = port.released_environments.load(std::memory_order_relaxed),
          .pending_releases = port.queue.size()};
}

std::vector<std::string> interpreter::running_threads(attach_scope&) {
  return names_of(kind() == interpreter_kind::main
                    ? object_ref::borrow(Py_None)
                    : ident_list(capi::other_threads(state_->thread)));
}

uint64_t interpreter::newest_thread(attach_scope&) const noexcept {
  return PyThreadState_GetID(
    PyInterpreterState_ThreadHead(state_->thread->interp));
}

std::vector<uint64_t> interpreter::thread_ids(attach_scope&) const {
  // Nothing else is read of a thread: one that interrupts this one is in the
  // list before it is attached, while the rest is still written.
  std::vector<uint64_t> result;
  for (auto* i = PyInterpreterState_ThreadHead(state_->thread->interp); i;
       i = PyThreadState_Next(i))
    if (i != state_->thread)
      result.push_back(PyThreadState_GetID(i));
  return result;
}

std::vector<std::string>
interpreter::thread_names(attach_scope&,
                          const std::vector<uint64_t>& ids) const {
  auto threads = capi::other_threads(state_->thread);
  std::erase_if(threads, [&](auto& each) {
    return std::ranges::find(ids, each.id) == ids.end();
  });
  return names_of(ident_list(threads));
}

// -- housekeeping -------------------------------------------------------------

size_t interpreter::drain_releases(attach_scope& py) noexcept {
  return state_->releases->queue.drain(
    [&](capi::release_job& job) noexcept { run_release(py, job); });
}

void interpreter::on_release_queued(std::function<void()> wake) {
  state_->releases->queue.on_push(std::move(wake));
}

void interpreter::collect_garbage(attach_scope&) noexcept {
  auto was_enabled = PyGC_Enable();
  PyGC_Collect();
  if (!was_enabled)
    PyGC_Disable();
  PyErr_Clear();
}

void interpreter::flush_output(attach_scope&) noexcept {
  for (const auto* name : {"stdout", "stderr"}) {
    auto* stream = PySys_GetObject(name);
    if (!stream || stream == Py_None)
      continue;
    auto held = object_ref::borrow(stream);
    static_cast<void>(capi::call_method(held.get(), "flush"));
    PyErr_Clear();
  }
}

} // namespace pyactor
