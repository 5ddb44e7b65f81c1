#pragma once

#include <chrono>

namespace pyactor::test {

/// Whether a sanitizer watches this program: freed memory then goes to a
/// quarantine, and figures of memory or time say nothing of the product.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool instrumented = true;
#else
inline constexpr bool instrumented = false;
#endif

/// Whether the product, as this program, was compiled without optimization:
/// times say nothing of it then.
#if defined(__OPTIMIZE__)
inline constexpr bool optimized = true;
#else
inline constexpr bool optimized = false;
#endif

/// A limit for calls that is kept by those that are to come back, beside other
/// tests on a busy machine too. Those that are not overrun any.
inline constexpr std::chrono::milliseconds call_limit{instrumented ? 1'000
                                                                   : 250};

} // namespace pyactor::test
