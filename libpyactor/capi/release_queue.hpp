#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <type_traits>
#include <utility>

namespace pyactor::capi {

/// Jobs that any thread queues for one thread to run, in the order of their
/// arrival, until that thread closes the queue.
///
/// The queue is intrusive, so that queueing cannot fail: a `Job` has a member
/// `Job* next`, which belongs to the queue while the job is in it. The queue
/// owns no job.
/// @thread `push` and `size` any; the rest, and destruction, the consumer's;
///         `close` any, in place of a consumer that will never drain again
template <class Job>
class release_queue {
public:
  release_queue() = default;

  release_queue(const release_queue&) = delete;
  release_queue& operator=(const release_queue&) = delete;

  /// Sets what `push` calls when the queue was empty, on the pushing thread.
  /// Never called after `close` has returned.
  void on_push(std::function<void()> wake) {
    std::lock_guard guard{wake_mutex_};
    wake_ = std::move(wake);
  }

  /// @returns false where the queue is closed: the job is still the caller's
  [[nodiscard]] bool push(Job& job) noexcept {
    // Counted first, so that `size` never reads 0 while a job waits.
    size_.fetch_add(1, std::memory_order_relaxed);
    auto* head = head_.load(std::memory_order_relaxed);
    do {
      if (head == closed()) {
        size_.fetch_sub(1, std::memory_order_relaxed);
        return false;
      }
      job.next = head;
    } while (!head_.compare_exchange_weak(head, &job, std::memory_order_release,
                                          std::memory_order_relaxed));
    if (!head)
      wake();
    return true;
  }

  /// Runs what is queued, and what is queued meanwhile.
  /// @param run takes a `Job&`, which it may destroy
  /// @returns how many there were
  template <class F>
  size_t drain(F&& run) {
    static_assert(std::is_nothrow_invocable_v<F, Job&>);
    size_t count = 0;
    while (!is_closed() && head_.load(std::memory_order_relaxed))
      count += run_all(head_.exchange(nullptr, std::memory_order_acquire), run);
    return count;
  }

  /// Runs what is queued; from now on `push` refuses.
  template <class F>
  size_t close(F&& run) {
    static_assert(std::is_nothrow_invocable_v<F, Job&>);
    auto* head = head_.exchange(closed(), std::memory_order_acquire);
    // Waits for a `push` that is about to call it.
    on_push(nullptr);
    return head == closed() ? 0 : run_all(head, run);
  }

  [[nodiscard]] bool is_closed() const noexcept {
    return head_.load(std::memory_order_relaxed) == closed();
  }

  /// Jobs that wait or run.
  [[nodiscard]] size_t size() const noexcept {
    return size_.load(std::memory_order_relaxed);
  }

private:
  /// A head that no job can have.
  Job* closed() const noexcept {
    return reinterpret_cast<Job*>(const_cast<release_queue*>(this));
  }

  void wake() noexcept {
    std::lock_guard guard{wake_mutex_};
    if (wake_)
      wake_();
  }

  /// The list comes youngest first.
  static Job* reversed(Job* head) noexcept {
    Job* result = nullptr;
    while (head)
      head = std::exchange(head->next, std::exchange(result, head));
    return result;
  }

  template <class F>
  size_t run_all(Job* head, F& run) {
    size_t count = 0;
    for (auto* job = reversed(head); job; ++count) {
      auto* next = job->next;
      run(*job);
      size_.fetch_sub(1, std::memory_order_relaxed);
      job = next;
    }
    return count;
  }

  std::atomic<Job*> head_ = nullptr;
  std::atomic<size_t> size_ = 0;
  std::mutex wake_mutex_;
  std::function<void()> wake_;
};

} // namespace pyactor::capi
