#pragma once

#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/runtime/caf.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace pyactor::bench {

/// Runs the benchmarks that were registered. `main` calls it, with its actor
/// system on its stack: CAF's logger does not survive the destruction of a
/// static actor system, because it keeps a thread-local pointer to it.
/// @returns the exit code
inline int run_benchmarks(int argc, char** argv) {
  benchmark::AddCustomContext("compiler", "GCC " __VERSION__);
  benchmark::AddCustomContext("cpython", main_interpreter::version());
  benchmark::AddCustomContext("caf", std::to_string(CAF_MAJOR_VERSION) + "."
                                       + std::to_string(CAF_MINOR_VERSION) + "."
                                       + std::to_string(CAF_PATCH_VERSION));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

} // namespace pyactor::bench
