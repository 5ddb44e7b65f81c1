#pragma once

#include <pyactor/runtime/options.hpp>

#include <cstddef>
#include <string>

namespace ml_predictor {

/// The name of the pool whose contexts run the predictors.
inline constexpr auto pool_name = "predictors";

/// What the demo reads from its command line, beside pyactor's own options.
struct options {
  /// Trained and written where it is not there.
  std::string model = "models/digits.pickle";
  bool no_train = false;
  /// Predictors, each in a context of its own.
  size_t pool_size = 4;
  size_t clients = 4;
  /// Requests that one client has in flight.
  size_t window = 4;
  /// How often each held-out sample is sent.
  size_t passes = 30;
  bool short_form = false;
};

/// CAF's configuration with the demo's options and pyactor's.
class configuration : public caf::actor_system_config {
public:
  configuration();

  /// Parses the command line.
  /// @returns false where it only asked for help
  /// @throws failure
  bool read(int argc, char** argv);

  [[nodiscard]] const options& demo() const noexcept {
    return demo_;
  }

  /// @returns pyactor's options, with the pool of the predictors
  /// @throws failure
  [[nodiscard]] pyactor::runtime::runtime_options python() const;

private:
  options demo_;
};

} // namespace ml_predictor
