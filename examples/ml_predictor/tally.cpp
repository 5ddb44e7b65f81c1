#include <pyactor/examples/ml_predictor/tally.hpp>

#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/supervisors/error.hpp>

#include <algorithm>

namespace ml_predictor {

namespace supervisors = pyactor::supervisors;

void tally::add_failure(const caf::error& why) {
  if (why != caf::sec::request_timeout)
    ++failed[reason_of(why)];
}

void tally::add(const tally& other) {
  sent += other.sent;
  answered += other.answered;
  for (auto& [reason, count] : other.failed)
    failed[reason] += count;
  sent_again += other.sent_again;
  correct += other.correct;
  different += other.different;
  latencies.insert(latencies.end(), other.latencies.begin(),
                   other.latencies.end());
}

uint64_t tally::failures() const {
  uint64_t result = 0;
  for (auto& [reason, count] : failed)
    result += count;
  return result;
}

std::string reason_of(const caf::error& why) {
  if (supervisors::child_down::from_error(why))
    return "predictor ended before its turn";
  if (supervisors::child_unavailable::from_error(why))
    return "predictor was down";
  auto text = to_string(pyactor::runtime::from_caf(why));
  return text.substr(0, text.find('\n'));
}

std::chrono::nanoseconds quantile(std::vector<std::chrono::nanoseconds> values,
                                  double share) {
  if (values.empty())
    return {};
  auto rank = static_cast<double>(values.size() - 1) * share;
  auto at = values.begin() + static_cast<std::ptrdiff_t>(rank + 0.5);
  std::ranges::nth_element(values, at);
  return *at;
}

} // namespace ml_predictor
