#pragma once

#include <pyactor/supervisors/start_throttle.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <variant>
#include <vector>

namespace pyactor::supervisors::engine {

/// Names one start that has to keep to the limits; rising, never used again.
/// 0 is none.
using start_number = uint64_t;

/// What a start has to keep to.
struct start_needs {
  /// Whether it is an automatic restart, which keeps to their rate.
  bool rate = false;
  /// Whether it takes room while it goes on.
  bool room = true;
};

/// It may begin; if it takes room, it has that from now on.
struct granted {
  friend bool operator==(granted, granted) = default;
};

/// It is the next restart, and may not begin before this: ask again then.
struct wait_until {
  std::chrono::steady_clock::time_point when;

  friend bool operator==(wait_until, wait_until) = default;
};

/// Others come first: ask again when `take_news` names it.
struct wait_for_turn {
  friend bool operator==(wait_for_turn, wait_for_turn) = default;
};

using start_verdict = std::variant<granted, wait_until, wait_for_turn>;

/// Who may start, and who waits, in what order: first come, first served. The
/// clock is the caller's.
/// @thread one at a time
class start_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @pre the limits are valid
  explicit start_queue(const start_limits& limits);

  /// Takes a place behind all others.
  start_number enter(start_needs needs);

  /// @returns whether `who` may begin
  /// @pre `who` has entered, and has not left
  start_verdict try_take(start_number who, time_point now);

  /// @returns whether `who` has all that it needs
  /// @pre as above
  [[nodiscard]] bool is_granted(start_number who) const {
    return entries_.at(who).where == place::granted;
  }

  /// The start is over, or is not to come about.
  /// @pre as above
  void leave(start_number who);

  /// @returns those that should ask again, because their turn has come; each
  ///          is named once
  [[nodiscard]] std::vector<start_number> take_news();

  [[nodiscard]] size_t waiting() const noexcept {
    return for_rate_.size() + for_room_.size();
  }

  [[nodiscard]] size_t starting() const noexcept {
    return starting_;
  }

private:
  enum class place : uint8_t { for_rate, for_room, granted };

  struct entry {
    start_needs needs;
    place where;
    /// Its place among those that wait for room.
    uint64_t turn = 0;
  };

  void queue_for_room(entry& what, start_number who);
  void fill_room();
  void call_next_restart();
  [[nodiscard]] time_point next_restart() const;
  void take_restart(time_point now);

  size_t room_;
  /// Between two restarts in the long run; 0 is no limit.
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds allowance_;
  /// When the restarts that there were would all have begun at that interval.
  time_point paid_until_ = time_point::min();

  start_number last_ = 0;
  uint64_t last_turn_ = 0;
  size_t starting_ = 0;
  std::map<start_number, entry> entries_;
  std::set<start_number> for_rate_;
  std::map<uint64_t, start_number> for_room_;
  std::vector<start_number> news_;
};

} // namespace pyactor::supervisors::engine
