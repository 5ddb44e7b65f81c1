#pragma once

#include <pyactor/examples/ml_predictor/incidents.hpp>
#include <pyactor/examples/ml_predictor/tally.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace ml_predictor {

/// What the demo has to show at its end.
struct report {
  tally requests;
  /// Predictions that were wanted: samples times passes.
  uint64_t wanted = 0;
  std::chrono::nanoseconds load_time{0};
  std::vector<std::chrono::nanoseconds> restart_latencies;
  std::vector<std::chrono::nanoseconds> reset_latencies;
  exhaustion given_up;
  /// Predictors that answered after all that.
  size_t alive = 0;
  size_t pool_size = 0;

  /// Each request had its outcome, each prediction was scikit-learn's own, and
  /// supervision did what it should.
  [[nodiscard]] bool good() const;

  /// Prints it as a table.
  void print() const;
};

} // namespace ml_predictor
