#pragma once

#include <malloc.h>

namespace pyactor::bench {

/// What the process has of the C library, in bytes.
inline double allocated() {
  auto all = mallinfo2();
  return static_cast<double>(all.uordblks + all.hblkhd);
}

} // namespace pyactor::bench
