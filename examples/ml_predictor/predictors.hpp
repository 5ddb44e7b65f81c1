#pragma once

#include <pyactor/examples/ml_predictor/journal.hpp>
#include <pyactor/runtime/runtime.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace ml_predictor {

/// A tree of two levels, which ends with this object: a supervisor of
/// predictors below one that ends when that gives up. A predictor that has
/// crashed comes back after a pause, and gets requests once it is ready; they
/// wait for it.
/// @thread outside of actors
class predictors {
public:
  struct settings {
    std::string model;
    /// Their ids, one for each predictor to start.
    std::vector<std::string> ids;
    /// How many restarts of predictors a minute there may be.
    uint32_t intensity;
  };

  /// @returns once each has loaded its model and is ready
  /// @throws failure that says what is wrong with the model
  ///         interrupted
  predictors(pyactor::runtime::runtime& python, const settings& wanted,
             journal& events, const std::stop_token& stop);

  predictors(const predictors&) = delete;
  predictors& operator=(const predictors&) = delete;

  ~predictors();

  /// The clients' handles, in the order of the ids.
  [[nodiscard]] const std::vector<pyactor::supervisors::child_ref>&
  handles() const noexcept {
    return handles_;
  }

  /// Terminates a predictor and waits for its replacement.
  /// @throws failure
  void reset(const std::string& id) const;

  /// The upper one.
  [[nodiscard]] const pyactor::supervisors::supervisor_ref&
  supervisor() const noexcept {
    return supervisor_;
  }

private:
  caf::actor_system& system_;
  pyactor::supervisors::supervisor_ref supervisor_;
  std::vector<pyactor::supervisors::child_ref> handles_;
};

} // namespace ml_predictor
