#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#if defined(__x86_64__)
#  include <immintrin.h>
#endif

namespace PYACTOR_EXPORT pyactor {
namespace runtime::loop {

/// What is ready to run on one thread: jobs of that thread (residents), and
/// jobs that any thread may run and that this one happens to have woken
/// (guests). Both are served in the order of their arrival and in turn, so that
/// neither starves the other.
///
/// `Job` is a pointer-like type whose default is "none".
/// @thread pushing and stealing: any; everything else: the consumer's
template <class Job>
class run_queue {
public:
  /// Appends a resident job; wakes the consumer where it sleeps.
  /// @param job not "none"
  /// @returns false where the queue is closed; the job stays with the caller
  ///
  /// Where there is no memory, waits until there is: who pushes a resident has
  /// taken on to run it, and an actor whose job was dropped would never wake
  /// up.
  bool push(Job job) {
    for (;; std::this_thread::yield()) {
      std::unique_lock guard{mtx_};
      if (closed_)
        return false;
      try {
        inbox_.push_back(job);
      } catch (const std::bad_alloc&) {
        continue;
      }
      inbox_size_.store(inbox_.size(), std::memory_order_release);
      wake(guard);
      return true;
    }
  }

  /// Appends a resident job without a lock.
  /// @param job as for `push`
  /// @returns false for want of memory; the job stays with the caller
  /// @thread consumer
  [[nodiscard]] bool push_local(Job job) noexcept {
    try {
      residents_.push_back(std::move(job));
      resident_size_.store(residents_.size(), std::memory_order_relaxed);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  /// Appends a guest job.
  /// @param job as for `push`
  /// @returns false where the queue is closed, or for want of memory; the job
  ///          stays with the caller
  [[nodiscard]] bool push_guest(Job job) {
    std::unique_lock guard{mtx_};
    if (closed_)
      return false;
    try {
      guests_.push_back(std::move(job));
    } catch (const std::bad_alloc&) {
      return false;
    }
    guest_size_.store(guests_.size(), std::memory_order_release);
    wake(guard);
    return true;
  }

  /// Takes the next job: residents and guests in turn.
  /// @param is_guest set to whether that is a guest, where there is a job
  /// @returns the job, or nothing where none is ready
  /// @thread consumer
  std::optional<Job> pop(bool& is_guest) {
    if (inbox_size_.load(std::memory_order_acquire) != 0)
      accept_inbox();
    if (guests_turn_ || residents_.empty()) {
      if (auto job = pop_guest()) {
        guests_turn_ = false;
        is_guest = true;
        return job;
      }
    }
    if (residents_.empty())
      return std::nullopt;
    guests_turn_ = true;
    is_guest = false;
    auto job = std::move(residents_.front());
    residents_.pop_front();
    resident_size_.store(residents_.size(), std::memory_order_relaxed);
    return job;
  }

  /// Takes a guest from its front.
  /// @returns the guest, or nothing where none waits
  std::optional<Job> pop_guest() {
    if (guest_size_.load(std::memory_order_acquire) == 0)
      return std::nullopt;
    std::unique_lock guard{mtx_};
    if (guests_.empty())
      return std::nullopt;
    auto job = std::move(guests_.front());
    guests_.pop_front();
    guest_size_.store(guests_.size(), std::memory_order_release);
    return job;
  }

  /// Interrupts a `wait`, or the next one.
  void interrupt() {
    std::unique_lock guard{mtx_};
    interrupted_ = true;
    wake(guard);
  }

  /// @returns whether something came in since `pop` found nothing, after
  ///          looking for a short while without sleeping
  /// @thread consumer
  [[nodiscard]] bool spin() const noexcept {
    for (int i = 0; i < spins; ++i) {
      if (inbox_size_.load(std::memory_order_acquire) != 0
          || guest_size_.load(std::memory_order_acquire) != 0)
        return true;
      pause();
    }
    return false;
  }

  /// Sleeps until a job or an interruption comes, or until `deadline`.
  /// @param deadline none for as long as it takes
  /// @returns false where the deadline passed
  /// @thread consumer
  bool wait(std::optional<std::chrono::steady_clock::time_point> deadline) {
    std::unique_lock guard{mtx_};
    // What runs between `pop` and this may have queued residents.
    auto ready = [this] {
      return interrupted_ || !inbox_.empty() || !guests_.empty()
             || !residents_.empty();
    };
    sleeping_ = true;
    bool woken = true;
    if (deadline)
      woken = ready_.wait_until(guard, *deadline, ready);
    else
      ready_.wait(guard, ready);
    sleeping_ = false;
    interrupted_ = false;
    return woken;
  }

  /// Refuses all further jobs.
  /// @returns the jobs that were still in it, residents first
  /// @thread consumer, or any once the consumer is gone
  std::deque<Job> close() {
    std::unique_lock guard{mtx_};
    closed_ = true;
    auto left = std::exchange(residents_, {});
    for (auto* queue : {&inbox_, &guests_})
      for (auto& job : std::exchange(*queue, {}))
        left.push_back(std::move(job));
    inbox_size_ = 0;
    guest_size_ = 0;
    resident_size_ = 0;
    return left;
  }

  /// @returns jobs that wait, approximately
  /// @thread any
  [[nodiscard]] size_t size() const noexcept {
    return inbox_size_.load(std::memory_order_relaxed)
           + guest_size_.load(std::memory_order_relaxed)
           + resident_size_.load(std::memory_order_relaxed);
  }

  /// @returns whether guests wait, approximately
  /// @thread any
  [[nodiscard]] bool has_guests() const noexcept {
    return guest_size_.load(std::memory_order_relaxed) != 0;
  }

private:
  /// About 5 us: shorter than what waking a thread costs.
  static constexpr int spins = 100;

  static void pause() noexcept {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }

  /// Takes in what others have pushed; for want of memory, only some of it, but
  /// some of it at least.
  void accept_inbox() noexcept {
    std::unique_lock guard{mtx_};
    if (residents_.empty())
      residents_.swap(inbox_);
    while (!inbox_.empty() && push_local(inbox_.front()))
      inbox_.pop_front();
    inbox_size_.store(inbox_.size(), std::memory_order_release);
    resident_size_.store(residents_.size(), std::memory_order_relaxed);
  }

  void wake(std::unique_lock<std::mutex>& guard) {
    bool asleep = sleeping_;
    guard.unlock();
    if (asleep)
      ready_.notify_one();
  }

  // consumer only
  std::deque<Job> residents_;
  bool guests_turn_ = true;

  std::mutex mtx_;
  std::condition_variable ready_;
  // guarded by mtx_
  std::deque<Job> inbox_;
  std::deque<Job> guests_;
  bool sleeping_ = false;
  bool interrupted_ = false;
  bool closed_ = false;

  // copies of the sizes, so that the hot path looks before it locks
  std::atomic<size_t> inbox_size_ = 0;
  std::atomic<size_t> guest_size_ = 0;
  std::atomic<size_t> resident_size_ = 0;
};

} // namespace runtime::loop
} // namespace pyactor
