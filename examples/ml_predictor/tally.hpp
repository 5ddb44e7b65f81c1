#pragma once

#include <pyactor/runtime/caf.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ml_predictor {

/// What became of requests.
struct tally {
  uint64_t sent = 0;
  uint64_t answered = 0;
  /// By reason.
  std::map<std::string, uint64_t> failed;
  /// Samples that were sent again because a request with them had failed.
  uint64_t sent_again = 0;
  /// Answers that name the right digit.
  uint64_t correct = 0;
  /// Answers that are not scikit-learn's own.
  uint64_t different = 0;
  /// From request to answer, as the client sees it.
  std::vector<std::chrono::nanoseconds> latencies;

  /// Counts a failed request; one without an answer in time is no outcome.
  void add_failure(const caf::error& why);

  void add(const tally& other);

  [[nodiscard]] uint64_t failures() const;

  /// Requests that came to neither an answer nor a failure.
  [[nodiscard]] uint64_t without_outcome() const {
    return sent - answered - failures();
  }
};

/// @returns why a request failed, in one line
[[nodiscard]] std::string reason_of(const caf::error& why);

/// @param share 0.5 for the median; 1 for the largest
/// @returns zero where there are no values
[[nodiscard]] std::chrono::nanoseconds
quantile(std::vector<std::chrono::nanoseconds> values, double share);

} // namespace ml_predictor
