#pragma once

#include <pyactor/test/memory/excuses.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pyactor::test {

/// Who asks for memory: C++ code by `operator new`, or CPython in one of its
/// domains.
enum class allocator : uint8_t { cpp, raw, mem, object };

/// Whether failures of CPython's own allocators can be judged: with 3.14 only,
/// because what CPython does not stand is known of that version alone.
[[nodiscard]] bool judges_python() noexcept;

/// Those whose failures can be judged.
[[nodiscard]] std::vector<allocator> judged_allocators();

/// Fails one allocation of the calling thread while it lives, and no other.
/// @thread one; at most one lives on it at a time
class allocation_failure {
public:
  /// @param number  which of the allocations from here on, from 0
  /// @param at_most it does not fail where it would do more harm
  allocation_failure(allocator whose, size_t number, harm at_most = harm::none);

  allocation_failure(const allocation_failure&) = delete;
  allocation_failure& operator=(const allocation_failure&) = delete;

  ~allocation_failure();

  /// @returns whether there have been so many
  [[nodiscard]] bool reached() const noexcept;

  /// @returns what harm the last allocation of this thread that was to fail
  ///          does, or would have done
  [[nodiscard]] static harm met() noexcept;

  /// @returns the functions that asked, on this thread, for the last allocation
  ///          that was to fail
  [[nodiscard]] static std::string place();

  /// Puts itself between CPython and its allocators, until CPython ends.
  /// @pre attached
  static void watch_python();
};

} // namespace pyactor::test
