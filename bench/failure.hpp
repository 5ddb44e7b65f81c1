#pragma once

#include <pyactor/runtime/caf.hpp>
#include <pyactor/runtime/error_mapping.hpp>

#include <cstdio>
#include <cstdlib>

namespace pyactor::bench {

/// Ends the process: a bench that fails must not look fast.
[[noreturn]] inline void fail(const caf::error& why) {
  std::fprintf(stderr, "a request failed: %s\n",
               runtime::describe(why).c_str());
  std::abort();
}

} // namespace pyactor::bench
