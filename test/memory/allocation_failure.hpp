#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pyactor::test {

/// Who asks for memory: C++ code by `operator new`, or CPython in one of its
/// domains.
enum class allocator : uint8_t { cpp, raw, mem, object };

/// Those whose failures can be judged: CPython's own with 3.14 only,
/// because what CPython does not survive is known of that version alone.
[[nodiscard]] std::vector<allocator> judged_allocators();

/// Fails one allocation of the calling thread while it lives, and no other.
///
/// Where CPython itself does not survive a failure, none happens: the source
/// lists these places.
/// @thread one; at most one lives on it at a time
class allocation_failure {
public:
  /// @param number which of the allocations from here on, from 0
  allocation_failure(allocator whose, size_t number);

  allocation_failure(const allocation_failure&) = delete;
  allocation_failure& operator=(const allocation_failure&) = delete;

  ~allocation_failure();

  /// @returns whether there have been so many
  [[nodiscard]] bool reached() const noexcept;

  /// Puts itself between CPython and its allocators, until CPython ends.
  /// @pre attached
  static void watch_python();
};

} // namespace pyactor::test
