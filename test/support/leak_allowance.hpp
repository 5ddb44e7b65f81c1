#pragma once

#ifdef __SANITIZE_ADDRESS__
#  include <sanitizer/lsan_interface.h>
#endif

namespace pyactor::test {

/// What the calling thread allocates while one lives may leak: it does so on
/// purpose, or in CPython.
class leak_allowance {
public:
  leak_allowance() noexcept {
#ifdef __SANITIZE_ADDRESS__
    __lsan_disable();
#endif
  }

  leak_allowance(const leak_allowance&) = delete;
  leak_allowance& operator=(const leak_allowance&) = delete;

  ~leak_allowance() {
#ifdef __SANITIZE_ADDRESS__
    __lsan_enable();
#endif
  }
};

} // namespace pyactor::test
