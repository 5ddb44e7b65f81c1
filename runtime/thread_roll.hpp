#pragma once

#include <pyactor/libpyactor/attach.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/interpreter.hpp>
#include <pyactor/runtime/loop/activity.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime {

/// Which actor's Python code has started which threads of an interpreter of its
/// own, and which of them outlast an actor that has crashed.
/// @thread the context's, attached
class thread_roll {
public:
  /// What times here are of.
  using clock = loop::activity::clock;

  /// How long the threads of an actor that has crashed may go on once the
  /// context has come to rest: a pool that goes with it needs a moment.
  static constexpr auto grace = std::chrono::milliseconds{50};
  /// How long in any case.
  static constexpr auto longest_grace = std::chrono::seconds{1};

  /// What has begun since the last call is that actor's.
  /// @param where the interpreter, which has its own GIL
  /// @param py attached to it
  /// @param actor its id; 0 for nobody
  void note(const interpreter& where, attach_scope& py,
            uint64_t actor) noexcept {
    if (where.newest_thread(py) > newest_) [[unlikely]]
      add(where, py, actor);
  }

  /// That actor has ended. What it has started is nobody's from now on, or is
  /// to end.
  /// @param actor its id
  /// @param crashed whether what it has started is to end
  /// @param now begins the grace
  void end(uint64_t actor, bool crashed, clock::time_point now) noexcept;

  /// The context sleeps next, and no garbage waits that could hold a pool.
  /// @param now when the shorter grace begins
  void rest(clock::time_point now) noexcept;

  /// @returns when to ask for those left behind; none where nothing is to end
  [[nodiscard]] std::optional<clock::time_point> due() const noexcept;

  /// Threads that still run at the end of their grace are told once.
  /// @param where the interpreter, which has its own GIL
  /// @param py attached to it
  /// @param now those are told whose grace has ended by then
  /// @returns whose they are and their names, for the log; none without any
  /// @throws std::bad_alloc and then tells them later
  [[nodiscard]] std::optional<std::string> left_behind(const interpreter& where,
                                                       attach_scope& py,
                                                       clock::time_point now);

private:
  void add(const interpreter& where, attach_scope& py, uint64_t actor) noexcept;
  void forget_ended(const std::vector<uint64_t>& running) noexcept;

  struct entry {
    uint64_t thread;
    uint64_t actor;
    /// None while the actor lives.
    std::optional<clock::time_point> ends_by;
  };

  uint64_t newest_ = 0;
  std::vector<entry> entries_;
};

} // namespace runtime
} // namespace pyactor
