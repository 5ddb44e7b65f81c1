#pragma once

#include <pyactor/examples/ml_predictor/journal.hpp>
#include <pyactor/runtime/runtime.hpp>
#include <pyactor/supervisors/supervisor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ml_predictor {

/// Supervised predictors, which end with this object.
/// @thread outside of actors
class predictors {
public:
  struct settings {
    std::string model;
    /// Their ids, one for each predictor to start.
    std::vector<std::string> ids;
    /// How many restarts a minute their supervisor takes.
    uint32_t intensity;
  };

  /// @returns once each has loaded its model
  /// @throws failure that says what is wrong with the model
  predictors(pyactor::runtime::runtime& python, const settings& wanted,
             journal& events);

  predictors(const predictors&) = delete;
  predictors& operator=(const predictors&) = delete;

  ~predictors();

  /// The clients' handles, in the order of the ids.
  [[nodiscard]] const std::vector<pyactor::supervisors::child_ref>&
  handles() const noexcept {
    return handles_;
  }

  [[nodiscard]] const pyactor::supervisors::supervisor_ref&
  supervisor() const noexcept {
    return supervisor_;
  }

private:
  pyactor::supervisors::supervisor_ref supervisor_;
  std::vector<pyactor::supervisors::child_ref> handles_;
};

} // namespace ml_predictor
