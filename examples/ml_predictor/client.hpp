#pragma once

#include <pyactor/examples/ml_predictor/held_out.hpp>
#include <pyactor/examples/ml_predictor/tally.hpp>
#include <pyactor/supervisors/child_ref.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace ml_predictor {

/// What one client has to do.
struct assignment {
  std::shared_ptr<const held_out> samples;
  std::vector<pyactor::supervisors::child_ref> predictors;
  /// This client's number, and how many share the samples.
  size_t number;
  size_t clients;
  size_t passes;
  size_t window;
};

/// A client tells its boss that more predictions have come in.
struct progress {
  size_t predictions;
};

/// A client tells its boss what came of its requests, and ends.
struct finished {
  tally requests;
};

/// A plain C++ actor that sends its share of the samples to the predictors in
/// turn, several at a time. A sample whose request fails is sent again, because
/// this client says so: neither CAF nor the supervisor repeats a request.
/// @thread CAF's
class client : public caf::event_based_actor {
public:
  client(caf::actor_config& config, assignment work, caf::actor boss);

  caf::behavior make_behavior() override;

private:
  using clock = std::chrono::steady_clock;

  void send_next();
  void take_answer(size_t index, clock::time_point sent, int64_t digit);
  void send_again(size_t index, const caf::error& why);
  void report_progress();

  assignment work_;
  caf::actor boss_;
  /// Samples that are yet to be sent, by index.
  std::deque<size_t> backlog_;
  size_t in_flight_ = 0;
  size_t turn_;
  size_t unreported_ = 0;
  tally tally_;
};

} // namespace ml_predictor

PYACTOR_LOCAL_MESSAGE(ml_predictor::progress)
PYACTOR_LOCAL_MESSAGE(ml_predictor::finished)
