#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <cstddef>
#include <functional>
#include <string>

#include <pthread.h>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Names the calling thread for debuggers and `top`.
/// @param name the system keeps its first 15 bytes
/// @thread any
void name_this_thread(const std::string& name) noexcept;

/// A thread with a chosen stack size, which std::thread cannot have.
/// @thread one owner
class os_thread {
public:
  os_thread() = default;

  os_thread(const os_thread&) = delete;
  os_thread& operator=(const os_thread&) = delete;

  /// Joins, unless `detach` was called.
  ~os_thread();

  /// @param name see `name_this_thread`
  /// @param stack_size_bytes 0 for the system's default
  /// @param body must not throw
  /// @returns `start_failed`, or `invalid_argument` for a stack size that the
  ///          system refuses
  expected<void> start(std::string name, size_t stack_size_bytes,
                       std::function<void()> body);

  /// Waits for the thread's end; does nothing where none was started.
  void join() noexcept;
  /// Leaves the thread to itself.
  void detach() noexcept;

  /// @returns whether the calling thread is this one
  [[nodiscard]] bool is_current() const noexcept {
    return running_ && pthread_equal(handle_, pthread_self());
  }

private:
  pthread_t handle_{};
  bool running_ = false;
};

} // namespace runtime
} // namespace pyactor
