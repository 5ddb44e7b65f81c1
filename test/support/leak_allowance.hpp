#pragma once

#include <pyactor/test/leaks/ledger.hpp>

#ifdef __SANITIZE_ADDRESS__
#  include <sanitizer/lsan_interface.h>
#endif

namespace pyactor::test {

/// What the calling thread takes from malloc itself while one lives may leak.
class malloc_allowance {
public:
  malloc_allowance() noexcept {
#ifdef __SANITIZE_ADDRESS__
    __lsan_disable();
#endif
  }

  malloc_allowance(const malloc_allowance&) = delete;
  malloc_allowance& operator=(const malloc_allowance&) = delete;

  ~malloc_allowance() {
#ifdef __SANITIZE_ADDRESS__
    __lsan_enable();
#endif
  }
};

/// And what it takes from CPython: it leaks on purpose, or in CPython. One for
/// a thread at a time.
class leak_allowance : malloc_allowance {
public:
  leak_allowance() noexcept {
    let_leak(true);
  }

  ~leak_allowance() {
    let_leak(false);
  }
};

} // namespace pyactor::test
