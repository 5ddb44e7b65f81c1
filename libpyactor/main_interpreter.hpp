#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace PYACTOR_EXPORT pyactor {

/// How CPython is set up, once for the process.
struct python_config {
  /// Folder of a virtual environment: its python becomes `sys.executable`, its
  /// site-packages, `.pth` files included, go to the front of `sys.path`. Empty
  /// for none.
  std::string venv{};
  /// Folders for `sys.path`, in front of all else.
  std::vector<std::string> search_paths{};
  /// `sys.argv`.
  std::vector<std::string> arguments{""};

  /// Where Python's memory comes from.
  enum class allocator_kind : uint8_t {
    /// CPython's own choice.
    standard,
    /// The C library's malloc: memory goes back sooner, leak checkers see it.
    malloc,
  };

  /// For all interpreters of the process.
  allocator_kind allocator = allocator_kind::standard;

  /// How long a thread runs Python before it offers the GIL to another one;
  /// zero keeps CPython's default of 5 ms. For each interpreter.
  std::chrono::microseconds switch_interval{500};
};

/// CPython itself: started once, finalized once, by one thread. It is isolated
/// from the user's environment variables and site, speaks UTF-8, and installs
/// no signal handlers.
/// @thread the one that started it, destructor included
class main_interpreter {
public:
  /// Initializes CPython; the calling thread becomes Python's main thread.
  /// @param config is copied into the result
  /// @param outside what Python code may ask of its surroundings through the
  ///                package `pyactor`; may be null, must outlive the result
  /// @returns the interpreter, this thread detached, or
  ///          - `already_exists`: CPython runs in this process already
  ///          - `invalid_argument`: the venv is none
  ///          - `start_failed`, also where the CPython that runs is of another
  ///            minor version than the one that this was built against, or of
  ///            another version at all where one of them is an alpha or a beta
  [[nodiscard]] static expected<std::unique_ptr<main_interpreter>>
  start(python_config config, host* outside = nullptr);

  main_interpreter(const main_interpreter&) = delete;
  main_interpreter& operator=(const main_interpreter&) = delete;

  /// Finalizes CPython unless `finalize` or `abandon` came first.
  ~main_interpreter();

  /// Ends CPython: waits for Python's own threads, runs `atexit`, frees all.
  /// @returns `interpreter_lost` where CPython reports that it could not flush
  ///          its output; it has ended then too
  /// @pre every `interpreter` over it is gone; detached
  expected<void> finalize();

  /// Leaves CPython as it is, for a process in which Python code that does not
  /// return is left behind.
  void abandon() noexcept;

  /// @returns what it was started with
  /// @thread any
  [[nodiscard]] const python_config& config() const noexcept;

  /// @returns CPython's version, for example `3.14.8`
  [[nodiscard]] static std::string version();

  /// @returns whether own-GIL interpreters can be had: CPython 3.14 or newer
  [[nodiscard]] static bool supports_own_gil() noexcept;

  struct state;

  /// @returns what libpyactor's own sources need
  [[nodiscard]] state& internals() noexcept {
    return *state_;
  }

private:
  explicit main_interpreter(std::unique_ptr<state> impl) noexcept;

  std::unique_ptr<state> state_;
};

} // namespace pyactor
