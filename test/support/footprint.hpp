#pragma once

#include <cstdint>

namespace pyactor::test {

/// What this process has of the system.
struct footprint {
  int64_t threads = 0;
  int64_t files = 0;
  /// Bytes, from the C library.
  int64_t allocated = 0;
  int64_t resident_kib = 0;
};

/// Gives free memory back first.
[[nodiscard]] footprint measure();

/// Lets all threads allocate from one arena, so that what `measure` finds
/// resident is in use: it keeps the free end of each arena, up to 1 MiB in all
/// and different each time. To be called before there are threads.
/// @returns whether the C library could
[[nodiscard]] bool use_one_arena();

/// The system forgets a thread a moment after it was joined.
/// @returns whether no more than `n` are left soon
[[nodiscard]] bool await_threads(int64_t n);

} // namespace pyactor::test
