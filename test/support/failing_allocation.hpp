#pragma once

#include <string>

namespace pyactor::test {

/// Whether C++ allocations can be made to fail: not under the address
/// sanitizer, whose own `operator new` finds more than this.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool can_fail_allocations = false;
#else
inline constexpr bool can_fail_allocations = true;
#endif

/// @returns Python source that defines `fail(n)`: of what C++ allocates on this
///          thread from then on, number `n` fails, counted from 0, and no other
[[nodiscard]] std::string failing_allocation();

} // namespace pyactor::test
