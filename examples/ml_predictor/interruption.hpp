#pragma once

#include <stop_token>
#include <thread>

namespace ml_predictor {

/// Turns SIGINT and SIGTERM into a request to stop. A second one ends the
/// process at once.
/// @pre constructed before any other thread starts, so that all of them inherit
///      the blocked signals and only this one's thread takes them
/// @thread any
class interruption {
public:
  static constexpr int exit_code = 130;

  interruption();

  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;

  ~interruption();

  [[nodiscard]] std::stop_token token() const noexcept {
    return stop_.get_token();
  }

private:
  std::stop_source stop_;
  std::jthread waiter_;
};

} // namespace ml_predictor
