#pragma once

#include <benchmark/benchmark.h>

namespace pyactor::bench {

/// Runs the benchmarks that were registered. `main` calls it, with its actor
/// system on its stack: CAF's logger does not survive the destruction of a
/// static actor system, because it keeps a thread-local pointer to it.
/// @returns the exit code
inline int run_benchmarks(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

} // namespace pyactor::bench
