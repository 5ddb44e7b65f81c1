#pragma once

#include <pyactor/examples/ml_predictor/held_out.hpp>
#include <pyactor/examples/ml_predictor/journal.hpp>
#include <pyactor/examples/ml_predictor/predictors.hpp>
#include <pyactor/examples/ml_predictor/tally.hpp>

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

namespace ml_predictor {

/// Sends one request and waits for its outcome.
/// @returns why it failed; empty where it was answered
std::string ask(caf::actor_system& system,
                const pyactor::supervisors::child_ref& predictor,
                const pyactor::arguments& pixels, tally& requests);

/// Terminates a predictor; its supervisor starts a fresh one.
/// @returns how long that took
/// @throws failure
std::chrono::nanoseconds reset(const predictors& all, const std::string& id);

/// How a supervisor gave up.
struct exhaustion {
  /// Crashes that it took, the last one included.
  size_t crashes = 0;
  /// Its exit reason says that it gave up, and nothing of it came back.
  bool in_order = false;
};

/// Sends poison to a predictor of its own until the supervisor gives up.
/// @throws interrupted, failure
exhaustion exhaust(pyactor::runtime::runtime& python, const std::string& model,
                   const pyactor::arguments& poison, tally& requests,
                   journal& events, const std::stop_token& stop);

} // namespace ml_predictor
