#pragma once

#include <Python.h>

#include <pyactor/libpyactor/capi/code_cache.hpp>
#include <pyactor/libpyactor/capi/names/name_cache.hpp>
#include <pyactor/libpyactor/capi/release_port.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <atomic>
#include <memory>
#include <mutex>

namespace pyactor {

/// What an open interpreter holds.
/// @thread as `interpreter`; objects only while attached
struct PYACTOR_HIDDEN interpreter::state {
  state(interpreter_kind kind, interpreter_limits limits, host* outside,
        PyThreadState* thread);

  /// Makes the interpreter of a state whose thread state is not attached.
  /// @returns it, or `start_failed`
  static expected<std::unique_ptr<interpreter>>
  open(std::unique_ptr<state> impl);

  /// Drains and closes the releases, and drops all references.
  void clear(attach_scope& py) noexcept;

  /// The object that owns this; dangles once `abandoned`.
  interpreter* self = nullptr;
  interpreter_kind kind;
  interpreter_limits limits;
  int64_t id;
  /// What Python code may ask of its surroundings; may be null.
  host* outside;
  PyThreadState* thread;
  /// False for the state of Python's own main thread, which ends with Python.
  bool owns_thread = true;
  std::shared_ptr<capi::release_port> releases;
  std::atomic<bool> abandoned = false;

  std::mutex interrupt_mtx;
  /// Exceptions raised since the last settling; guarded by interrupt_mtx.
  size_t interrupts = 0;

  /// The dict of module `builtins`.
  object_ref builtins;
  object_ref name_builtins;
  object_ref name_name;
  object_ref name_main;
  capi::code_cache codes;
  capi::name_cache names;
};

/// What a running CPython holds.
struct PYACTOR_HIDDEN main_interpreter::state {
  /// Opens `home` and sets the main interpreter up.
  expected<void> open_home();

  python_config config;
  host* outside = nullptr;
  /// The main thread's own; null once Python has ended or was abandoned.
  PyThreadState* thread = nullptr;
  PyInterpreterState* interpreter_state = nullptr;
  /// The main thread's view; it has no actors.
  std::unique_ptr<interpreter> home;
};

namespace capi {

/// @returns the interpreter that the calling thread is attached to by an
///          `attach_scope`, or null
/// @thread any
[[nodiscard]] interpreter::state* attached_interpreter() noexcept;

} // namespace capi

} // namespace pyactor
