#include <pyactor/test/support/footprint.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <malloc.h>
#include <unistd.h>

namespace pyactor::test {

namespace {

constexpr auto limit = std::chrono::seconds{60};

int64_t entries(const char* folder) {
  return std::distance(std::filesystem::directory_iterator{folder}, {});
}

} // namespace

footprint measure() {
  malloc_trim(0);
  auto all = mallinfo2();
  footprint result{.threads = entries("/proc/self/task"),
                   .files = entries("/proc/self/fd"),
                   .allocated
                   = static_cast<int64_t>(all.uordblks + all.hblkhd)};
  int64_t pages = 0;
  std::ifstream{"/proc/self/statm"} >> pages >> pages;
  result.resident_kib = pages * sysconf(_SC_PAGESIZE) / 1024;
  return result;
}

bool use_one_arena() {
  return mallopt(M_ARENA_MAX, 1) == 1;
}

bool await_threads(int64_t n) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  while (entries("/proc/self/task") > n) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::yield();
  }
  return true;
}

} // namespace pyactor::test
