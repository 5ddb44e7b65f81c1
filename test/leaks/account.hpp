#pragma once

#include <cstddef>
#include <mutex>

namespace pyactor::test {

struct account;

/// In front of each block that CPython is given. The ledger allocates nothing
/// for it, because tests make allocations fail.
struct alignas(std::max_align_t) entry {
  entry* previous = this;
  entry* next = this;
  account* owner = nullptr;
  size_t size = 0;
  /// The test case that it was given in.
  const char* test = nullptr;
  /// The type of the object that the collector tracked there when its
  /// interpreter came to its end, or null.
  const char* type = nullptr;
};

/// Blocks, as a ring of entries.
/// @thread any
struct account {
  void add(entry& what) noexcept;
  void remove(entry& what) noexcept;

  /// Takes those blocks of an account of the dead that its own point to, and
  /// those that these point to.
  void take_held(account& from);

  /// @pre no other thread uses this account
  [[nodiscard]] size_t size() const noexcept {
    return size_;
  }

  /// @pre it has blocks, and no other thread uses it
  [[nodiscard]] entry& front() noexcept {
    return *head_.next;
  }

private:
  void link(entry& what) noexcept;
  void unlink(entry& what) noexcept;

  std::mutex mtx_;
  entry head_;
  size_t size_ = 0;
};

} // namespace pyactor::test
