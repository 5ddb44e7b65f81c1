#pragma once

#include <pyactor/examples/ml_predictor/client.hpp>
#include <pyactor/examples/ml_predictor/progress_bar.hpp>

#include <functional>
#include <stop_token>
#include <vector>

namespace ml_predictor {

/// Something that happens in the middle of the load.
struct incident {
  /// Share of the predictions that have come in by then, for example 0.5.
  double at;
  std::function<void()> happen;
};

/// Runs the clients until each sample was predicted as often as wanted.
/// @param work the clients' assignment but for their number
/// @param incidents in order
/// @returns what became of the clients' requests
/// @throws interrupted, failure; the clients have ended then
[[nodiscard]] tally run_load(caf::actor_system& system, const assignment& work,
                             std::vector<incident> incidents, progress_bar& bar,
                             const std::stop_token& stop);

} // namespace ml_predictor
