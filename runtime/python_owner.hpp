#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/host.hpp>
#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/runtime/os_thread.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace pyactor::runtime {

/// Starts CPython and finalizes it, on one and the same thread: one of its own
/// that runs no actors, or a context's, for libraries that want Python's main
/// thread.
/// @thread any, but for what says otherwise
class python_owner : public std::enable_shared_from_this<python_owner> {
public:
  using clock = std::chrono::steady_clock;

  python_owner(python_config config, std::shared_ptr<host> outside);

  /// Starts CPython on a thread of its own.
  [[nodiscard]] expected<main_interpreter*> start_on_own_thread();

  /// Starts CPython on the calling thread, which must call `await_and_finalize`
  /// last.
  [[nodiscard]] expected<main_interpreter*> start_here();

  /// @thread the one that called `start_here`
  void await_and_finalize();

  /// Lets the owning thread finalize CPython, or leave it as it is.
  void request_end(bool finalize);

  /// @returns whether the owning thread is done by then
  [[nodiscard]] bool await_end(clock::time_point deadline);

  /// What finalizing came to. @pre await_end returned true
  [[nodiscard]] const expected<void>& outcome() const noexcept {
    return outcome_;
  }

  /// What finalizing waits for, for a person: Python threads by name.
  [[nodiscard]] std::string what_lingers() const;

  /// Gives up on the owning thread.
  void abandon() noexcept;

private:
  void note_lingering_threads();

  python_config config_;
  std::shared_ptr<host> outside_;
  std::unique_ptr<main_interpreter> python_;
  os_thread thread_;
  std::promise<bool> end_request_;
  std::promise<void> ended_;
  std::future<void> end_;
  expected<void> outcome_;

  mutable std::mutex mtx_;
  std::vector<std::string> lingering_;
};

} // namespace pyactor::runtime
