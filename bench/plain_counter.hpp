#pragma once

#include <pyactor/runtime/caf.hpp>

#include <cstdint>

namespace pyactor::bench {

struct increment {
  int64_t by;
};

} // namespace pyactor::bench

PYACTOR_LOCAL_MESSAGE(pyactor::bench::increment)

namespace pyactor::bench {

/// The floor of every request workload: the same counter without Python.
inline caf::behavior plain_counter() {
  return {
    [value = int64_t{0}](const increment& message) mutable {
      return value += message.by;
    },
  };
}

} // namespace pyactor::bench
