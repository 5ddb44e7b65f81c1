#include <pyactor/test/support/failing_allocation.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

/// Allocations of this thread before the one that fails; below 0 for none.
thread_local int remaining = -1;

extern "C" void fail_allocation(int number) {
  remaining = number;
}

} // namespace

#if !defined(__SANITIZE_ADDRESS__)

void* operator new(std::size_t size) {
  if (remaining >= 0 && remaining-- == 0)
    throw std::bad_alloc{};
  if (auto* result = std::malloc(size != 0 ? size : 1))
    return result;
  throw std::bad_alloc{};
}

void operator delete(void* what) noexcept {
  std::free(what);
}

void operator delete(void* what, std::size_t) noexcept {
  std::free(what);
}

#endif

std::string pyactor::test::failing_allocation() {
  auto address = reinterpret_cast<std::uintptr_t>(&fail_allocation);
  return "import ctypes\n"
         "fail = ctypes.CFUNCTYPE(None, ctypes.c_int)("
         + std::to_string(address) + ")\n";
}
