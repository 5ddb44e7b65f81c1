#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/runtime/loop/activity.hpp>
#include <pyactor/runtime/loop/run_queue.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace PYACTOR_EXPORT pyactor {
namespace runtime::loop {

/// The loop of one thread, with all that other threads do to it: they queue
/// jobs, take guests away, leave departures behind, read what runs, tell it to
/// stop, and give it up.
///
/// What a job is, and to run one, is the business of its host, which has:
///
///     void run_resident(Job);         // one slice
///     void run_guest(Job);            // one slice
///     void run_departure(Departure);  // does away with what was left behind
///     void bounce(Job);               // nobody will run it here
///     std::optional<clock::time_point> housekeeping();  // when to wake up
///     void detach_idle();             // the thread is about to sleep
///     size_t live_residents();        // a stop waits until there are none
///     void kill_residents();          // they did not end when asked to
///
/// @thread the loop's, where nothing else is said
template <class Job, class Departure>
class run_loop {
public:
  /// What deadlines here are times of.
  using clock = activity::clock;

  // -- what is ready ----------------------------------------------------------

  /// Queues a resident job.
  /// @param job not "none"
  /// @returns false where the loop has ended; the job stays with the caller
  /// @thread any
  [[nodiscard]] bool push(Job job) {
    return queue_.push(std::move(job));
  }

  /// The same without a lock, where there is no need for one.
  /// @param job as for `push`
  /// @returns as `push`
  [[nodiscard]] bool push_here(Job job) {
    // A thread inside Python may be given up, and its queue with it.
    if (!activity_.in_python() && queue_.push_local(job))
      return true;
    return queue_.push(std::move(job));
  }

  /// Queues the job that has just run once more.
  /// @param job as for `push`
  /// @returns false for want of memory; the job stays with the caller
  [[nodiscard]] bool push_again(Job job) noexcept {
    return queue_.push_local(std::move(job));
  }

  /// Queues a guest job, as `push`.
  /// @param job as for `push`
  /// @returns as `push`
  [[nodiscard]] bool push_guest(Job job) {
    return queue_.push_guest(std::move(job));
  }

  /// Leaves something behind that the loop does away with.
  /// @param what is handed to the host's `run_departure`
  /// @thread any
  void leave_behind(Departure what) {
    {
      std::unique_lock guard{mtx_};
      departures_.push_back(std::move(what));
      departures_size_.store(departures_.size(), std::memory_order_release);
    }
    queue_.interrupt();
  }

  /// Wakes the loop where it sleeps.
  /// @thread any
  void interrupt() {
    queue_.interrupt();
  }

  /// @returns jobs and departures that wait, approximately
  /// @thread any
  [[nodiscard]] size_t size() const noexcept {
    return queue_.size() + departures_size_.load(std::memory_order_relaxed);
  }

  // -- what runs --------------------------------------------------------------

  /// @returns what runs now, for the loop's thread to say
  [[nodiscard]] activity& running() noexcept {
    return activity_;
  }

  /// @returns what runs now
  /// @thread any
  [[nodiscard]] const activity& running() const noexcept {
    return activity_;
  }

  /// What happens from now on keeps guests waiting.
  /// @param now when the slice begins
  void begin_slice(clock::time_point now) noexcept {
    slice_since_.store(now.time_since_epoch().count(),
                       std::memory_order_relaxed);
  }

  /// @returns when the running slice began; the clock's epoch between slices
  [[nodiscard]] clock::time_point slice_start() const noexcept {
    return clock::time_point{
      clock::duration{slice_since_.load(std::memory_order_relaxed)}};
  }

  /// Guests wait for nothing any more.
  void end_slice() noexcept {
    slice_since_.store(0, std::memory_order_relaxed);
  }

  /// Hands guests over where they have waited for too long.
  /// @param now up to when they have waited
  /// @param patience how long they may wait behind one slice
  /// @param hand_over takes a `Job`
  /// @returns whether some still wait
  /// @thread any
  template <class F>
  bool relieve_guests(clock::time_point now, clock::duration patience,
                      F&& hand_over) {
    if (!queue_.has_guests())
      return false;
    auto since = slice_start();
    if (since == clock::time_point{} || now - since < patience)
      return true;
    while (auto job = queue_.pop_guest())
      hand_over(*std::move(job));
    return false;
  }

  // -- life -------------------------------------------------------------------

  /// Runs one job, and first the departures.
  /// @param host what runs them, see the class
  /// @returns false where nothing was ready
  template <class Host>
  bool step(Host& host) {
    bool is_guest = false;
    auto job = queue_.pop(is_guest);
    // Whoever was queued after somebody's end finds that one's state gone.
    auto departed = departures_size_.load(std::memory_order_acquire) != 0
                    && run_departures(host);
    if (!job)
      return departed;
    if (is_guest)
      host.run_guest(*std::move(job));
    else
      host.run_resident(*std::move(job));
    return true;
  }

  /// Runs jobs, and sleeps when there are none, until a stop has been asked for
  /// and no resident lives.
  /// @param host as for `step`
  template <class Host>
  void serve(Host& host) {
    while (!finished(host)) {
      if (step(host) || queue_.spin())
        continue;
      auto wake_at = host.housekeeping();
      host.detach_idle();
      queue_.wait(before_kill(wake_at));
    }
  }

  /// `serve` returns once all residents have ended, for whose end the caller
  /// now asks; whoever does so interrupts the loop afterwards.
  /// @param kill_at when residents that live on are killed
  /// @returns false where that was asked for before
  /// @thread any
  bool begin_stop(clock::time_point kill_at) {
    if (stop_asked_.exchange(true, std::memory_order_relaxed))
      return false;
    kill_at_ = kill_at;
    stopping_.store(true, std::memory_order_release);
    return true;
  }

  /// @returns whether a stop has begun
  /// @thread any
  [[nodiscard]] bool stopping() const noexcept {
    return stopping_.load(std::memory_order_acquire);
  }

  /// Takes no job any more and does away with what waits.
  /// @param host gets the jobs and departures that wait
  template <class Host>
  void close(Host& host) {
    bounce_all(host);
    run_departures(host);
  }

  /// Takes the jobs from a thread that is inside Python. It will never run one
  /// again: `activity::leave_python` tells it so.
  /// @param host gets the jobs that wait
  /// @returns false where the thread is not inside Python
  /// @thread any but the loop's
  template <class Host>
  bool give_up(Host& host) {
    if (!activity_.give_up())
      return false;
    bounce_all(host);
    return true;
  }

  /// Takes no job any more and gives back those that wait.
  /// @param host gets the jobs that wait
  /// @thread the loop's, or any once it was given up
  template <class Host>
  void bounce_all(Host& host) {
    for (auto& job : queue_.close())
      host.bounce(std::move(job));
  }

private:
  template <class Host>
  bool run_departures(Host& host) {
    std::vector<Departure> due;
    {
      std::unique_lock guard{mtx_};
      due.swap(departures_);
      departures_size_.store(0, std::memory_order_release);
    }
    for (auto& what : due)
      host.run_departure(std::move(what));
    return !due.empty();
  }

  template <class Host>
  bool finished(Host& host) {
    if (!stopping())
      return false;
    if (host.live_residents() == 0)
      return departures_size_.load(std::memory_order_acquire) == 0;
    if (!kill_sent_ && clock::now() >= kill_at_) {
      kill_sent_ = true;
      host.kill_residents();
    }
    return false;
  }

  [[nodiscard]] std::optional<clock::time_point>
  before_kill(std::optional<clock::time_point> wake_at) const noexcept {
    if (!stopping() || kill_sent_)
      return wake_at;
    return wake_at ? std::min(*wake_at, kill_at_) : kill_at_;
  }

  run_queue<Job> queue_;
  activity activity_;
  /// Start of the running slice as ticks of `clock`; 0 between slices.
  std::atomic<clock::rep> slice_since_ = 0;

  std::mutex mtx_;
  std::vector<Departure> departures_; // guarded by mtx_
  std::atomic<size_t> departures_size_ = 0;

  std::atomic<bool> stop_asked_ = false;
  std::atomic<bool> stopping_ = false;
  /// Written before `stopping_`, read after it.
  clock::time_point kill_at_{};
  bool kill_sent_ = false; // the loop's thread only
};

} // namespace runtime::loop
} // namespace pyactor
