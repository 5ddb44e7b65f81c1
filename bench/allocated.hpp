#pragma once

#include <fstream>

#include <malloc.h>
#include <unistd.h>

namespace pyactor::bench {

/// What the process has of the C library, in bytes.
inline double allocated() {
  auto all = mallinfo2();
  return static_cast<double>(all.uordblks + all.hblkhd);
}

/// What of the process is in main memory, in bytes.
inline double resident() {
  double size = 0;
  double pages = 0;
  std::ifstream{"/proc/self/statm"} >> size >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

} // namespace pyactor::bench
