#pragma once

#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/runtime/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// What a context is made with.
/// @thread one owner
struct context_settings {
  /// Unique in the runtime.
  uint32_t id = 0;
  /// For people, logs and the thread's name, for example `default/0`.
  std::string name;
  /// Name of its pool.
  std::string pool;
  /// What it runs.
  interpreter_kind kind = interpreter_kind::main;
  /// Whether it is none of its pool's contexts, but that of one actor.
  bool is_dedicated = false;
  /// Bounds of its interpreter.
  interpreter_limits limits;
  /// As in `pool_options`.
  std::string preload;
  /// As in `pool_options`.
  size_t stack_size_bytes = 0;
  /// As in `pool_options`.
  std::chrono::nanoseconds max_handler_time{0};
  /// Called whenever an actor that is not pinned waits behind a slice.
  std::function<void()> announce_guest;
  /// Called where an actor's limit differs from the pool's; what it returns
  /// lives as long as the limit is needed.
  std::function<std::shared_ptr<void>(std::chrono::nanoseconds)> expect_limit;
  /// As `context::poison`; gives an invalid result where there is no runtime
  /// any more.
  std::function<std::shared_future<expected<void>>(context&, std::string)>
    poison;
  /// @returns whether an actor that is not pinned is still led to that context
  std::function<bool(const context&)> is_bound;
};

/// How a context's thread comes by CPython.
/// @thread one owner
struct python_source {
  /// Called first on the thread.
  std::function<expected<main_interpreter*>()> acquire;
  /// Called last on the thread; may be empty.
  std::function<void()> release;
};

/// What a context tells about itself.
/// @thread any
struct context_stats {
  /// As `context::name`.
  std::string name;
  /// What it runs.
  interpreter_kind kind = interpreter_kind::main;
  /// Pinned actors that have not ended.
  uint64_t live_actors = 0;
  /// Environments that are not yet released.
  uint64_t live_environments = 0;
  /// Environments released since the context started.
  uint64_t released_environments = 0;
  /// Actors that are ready to run, and releases that wait.
  uint64_t queue_length = 0;
  /// Messages that its pinned actors have handled.
  uint64_t executed_messages = 0;
};

} // namespace runtime
} // namespace pyactor
