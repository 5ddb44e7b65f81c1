#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace PYACTOR_EXPORT pyactor {
namespace runtime::loop {

/// What one thread is running, for whom, since when and for how long at most:
/// written by that thread, read by any other without a lock.
///
/// What it runs is told apart by *turns*: a turn is one message, or the work
/// around it, for example an actor's start. Turns are numbered, so that whoever
/// aims at one never hits the next.
///
/// It also settles who owns a Python call that does not return: the thread that
/// leaves Python, or the one that gave it up.
/// @thread each function says: `writer` is the thread itself
class activity {
public:
  /// What `begin` takes a time of.
  using clock = std::chrono::steady_clock;

  /// What the thread runs at one moment.
  struct snapshot {
    /// 0: nothing runs.
    uint64_t actor = 0;
    /// Grows with every turn.
    uint64_t turn = 0;
    /// When it began; means nothing where nothing runs.
    clock::time_point since;
    /// Whether it is inside Python.
    bool in_python = false;
    /// How long it may take; 0 for any time.
    clock::duration limit{0};
    /// When that is over; means nothing without a limit.
    clock::time_point deadline;
  };

  /// How a thread comes out of Python.
  enum class departure : uint8_t {
    /// As if nothing had happened.
    free,
    /// An exception was raised in it, which may not have come through.
    interrupted,
    /// It was given up: the thread must touch nothing any more.
    given_up,
  };

  // -- turns ------------------------------------------------------------------

  /// Begins a turn, which ends the one before.
  /// @param actor its id, not 0
  /// @param now when the turn begins
  /// @thread writer
  void begin(uint64_t actor, clock::time_point now) noexcept {
    next_turn();
    since_.store(now.time_since_epoch().count(), std::memory_order_release);
    actor_.store(actor, std::memory_order_release);
  }

  /// Limits all turns from now on.
  /// @param limit how long each may take; 0 for any time
  /// @thread writer
  void allow(clock::duration limit) noexcept {
    limit_.store(limit.count(), std::memory_order_release);
  }

  /// Gives the running turn more time.
  /// @param deadline until when it may take, if not for longer
  /// @thread writer
  void extend(clock::time_point deadline) noexcept {
    auto now = read();
    if (now.deadline >= deadline)
      return;
    extended_turn_.store(0, std::memory_order_release);
    extension_.store(deadline.time_since_epoch().count(),
                     std::memory_order_release);
    extended_turn_.store(now.turn, std::memory_order_release);
  }

  /// @thread writer
  void end() noexcept {
    next_turn();
    actor_.store(0, std::memory_order_release);
  }

  /// @returns the number of the running turn
  /// @thread writer
  [[nodiscard]] uint64_t turn() const noexcept {
    return word_.load(std::memory_order_relaxed) / places;
  }

  /// Counts a message, which is a turn, since the time of the last `begin`.
  /// @thread writer
  void count_message() noexcept {
    next_turn();
    messages_.store(messages_.load(std::memory_order_relaxed) + 1,
                    std::memory_order_relaxed);
  }

  /// @returns how many messages were handled so far
  /// @thread any
  [[nodiscard]] uint64_t messages() const noexcept {
    return messages_.load(std::memory_order_relaxed);
  }

  // -- Python -----------------------------------------------------------------

  /// The writer is about to run Python code.
  /// @returns false where it is inside Python already; only the outermost
  ///          stretch is left
  /// @thread writer
  bool enter_python() noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    if (place_of(word) != place::host)
      return false;
    word_.store(at(word, place::python), std::memory_order_release);
    return true;
  }

  /// @returns whether the writer is inside Python
  /// @thread writer
  [[nodiscard]] bool in_python() const noexcept {
    return place_of(word_.load(std::memory_order_relaxed)) != place::host;
  }

  /// The writer is back from its outermost stretch of Python code.
  /// @returns what others have done about the stretch
  /// @thread writer
  [[nodiscard]] departure leave_python() noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    auto before
      = word_.exchange(at(word, place::host), std::memory_order_acq_rel);
    switch (place_of(before)) {
      case place::interrupted:
        return departure::interrupted;
      case place::given_up:
        return departure::given_up;
      default:
        return departure::free;
    }
  }

  /// Announces an exception to a thread that is inside Python in that turn; it
  /// learns of it when it leaves Python. One that was given up is to end, too.
  /// @param turn as `read` gave it
  /// @returns false where the thread is not
  /// @thread any
  [[nodiscard]] bool interrupt(uint64_t turn) noexcept {
    auto expected = turn * places + static_cast<uint64_t>(place::python);
    return word_.compare_exchange_strong(expected,
                                         at(expected, place::interrupted),
                                         std::memory_order_acq_rel)
           || expected == at(turn * places, place::interrupted)
           || expected == at(turn * places, place::given_up);
  }

  /// Gives up on a thread that is inside Python in that turn.
  /// @param turn as `read` gave it
  /// @returns false where it is not
  /// @thread any
  [[nodiscard]] bool give_up(uint64_t turn) noexcept {
    auto word = at(turn * places, place::python);
    auto given_up = at(word, place::given_up);
    if (word_.compare_exchange_strong(word, given_up,
                                      std::memory_order_acq_rel))
      return true;
    word = at(word, place::interrupted);
    return word / places == turn
           && word_.compare_exchange_strong(word, given_up,
                                            std::memory_order_acq_rel);
  }

  /// Gives up on a thread that is inside Python, in whatever turn.
  /// @returns false where it is not inside Python
  /// @thread any
  [[nodiscard]] bool give_up() noexcept {
    auto word = word_.load(std::memory_order_acquire);
    while (place_of(word) == place::python
           || place_of(word) == place::interrupted)
      if (word_.compare_exchange_weak(word, at(word, place::given_up),
                                      std::memory_order_acq_rel))
        return true;
    return false;
  }

  /// @returns what belongs to one turn
  /// @thread any
  [[nodiscard]] snapshot read() const noexcept {
    for (;;) {
      auto word = word_.load(std::memory_order_acquire);
      auto result = read_within(word);
      // What was read is of this turn, or the turn has changed before.
      if (word_.load(std::memory_order_relaxed) / places == word / places)
        return result;
    }
  }

private:
  enum class place : uint8_t { host, python, interrupted, given_up };

  /// A word is a turn and a place: turn * places + place.
  static constexpr uint64_t places = 4;

  static constexpr place place_of(uint64_t word) noexcept {
    return static_cast<place>(word % places);
  }

  /// The same turn at another place.
  static constexpr uint64_t at(uint64_t word, place where) noexcept {
    return word - word % places + static_cast<uint64_t>(where);
  }

  static clock::time_point time(clock::rep ticks) noexcept {
    return clock::time_point{clock::duration{ticks}};
  }

  /// Outside of Python nobody else writes.
  void next_turn() noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    if (place_of(word) == place::host)
      word_.store(word + places, std::memory_order_relaxed);
  }

  [[nodiscard]] snapshot read_within(uint64_t word) const noexcept {
    snapshot result;
    result.turn = word / places;
    result.in_python = place_of(word) != place::host;
    result.actor = actor_.load(std::memory_order_acquire);
    result.since = time(since_.load(std::memory_order_acquire));
    result.limit = clock::duration{limit_.load(std::memory_order_acquire)};
    result.deadline = result.since + result.limit;
    if (extended_turn_.load(std::memory_order_acquire) == result.turn)
      result.deadline = time(extension_.load(std::memory_order_acquire));
    return result;
  }

  std::atomic<uint64_t> word_ = places;
  std::atomic<uint64_t> actor_ = 0;
  std::atomic<clock::rep> since_ = 0;
  std::atomic<clock::rep> limit_ = 0;
  std::atomic<uint64_t> extended_turn_ = 0;
  std::atomic<clock::rep> extension_ = 0;
  std::atomic<uint64_t> messages_ = 0;
};

} // namespace runtime::loop
} // namespace pyactor
