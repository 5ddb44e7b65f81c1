#include <pyactor/examples/ml_predictor/client.hpp>

#include <pyactor/runtime/messages.hpp>

#include <utility>

namespace ml_predictor {

using pyactor::value;
using pyactor::runtime::call;

namespace {

/// What has no outcome by then counts as having none.
constexpr auto patience = std::chrono::seconds{30};

/// How long a client waits after a failure, before it sends the sample again.
constexpr auto pause = std::chrono::milliseconds{5};

/// How many predictions come in between two reports.
constexpr size_t report_step = 16;

/// Stands for an answer that is no digit.
constexpr int64_t no_digit = -1;

/// A client tells itself to go on after a pause.
struct go_on {};

} // namespace

} // namespace ml_predictor

PYACTOR_LOCAL_MESSAGE(ml_predictor::go_on)

namespace ml_predictor {

client::client(caf::actor_config& config, assignment work, caf::actor boss)
  : event_based_actor(config), work_(std::move(work)), boss_(std::move(boss)),
    turn_(work_.number) {
}

caf::behavior client::make_behavior() {
  for (size_t pass = 0; pass < work_.passes; ++pass)
    for (auto i = work_.number; i < work_.samples->size(); i += work_.clients)
      backlog_.push_back(i);
  for (size_t i = 0; i < work_.window; ++i)
    send_next();
  return {
    [this](go_on) { send_next(); },
  };
}

void client::send_next() {
  if (backlog_.empty()) {
    if (in_flight_ == 0) {
      report_progress();
      send(boss_, finished{std::move(tally_)});
      quit();
    }
    return;
  }
  auto index = backlog_.front();
  backlog_.pop_front();
  auto& predictor = work_.predictors[turn_++ % work_.predictors.size()];
  ++in_flight_;
  ++tally_.sent;
  predictor
    .request(this, patience, call{"predict", (*work_.samples)[index].pixels})
    .then(
      [this, index, sent = clock::now()](const value& digit) {
        auto* number = digit.as_int64();
        take_answer(index, sent, number ? *number : no_digit);
      },
      [this, index](const caf::error& why) { send_again(index, why); });
}

void client::take_answer(size_t index, clock::time_point sent, int64_t digit) {
  auto& asked = (*work_.samples)[index];
  --in_flight_;
  ++tally_.answered;
  tally_.latencies.push_back(clock::now() - sent);
  tally_.correct += digit == asked.label ? 1 : 0;
  tally_.different += digit == asked.reference ? 0 : 1;
  if (++unreported_ == report_step)
    report_progress();
  send_next();
}

void client::send_again(size_t index, const caf::error& why) {
  --in_flight_;
  tally_.add_failure(why);
  auto obstacle = pyactor::supervisors::child_unavailable::from_error(why);
  if (obstacle
      && obstacle->status
           == pyactor::supervisors::child_status::supervisor_down) {
    quit(why); // nobody will answer any more
    return;
  }
  ++tally_.sent_again;
  backlog_.push_back(index);
  delayed_send(this, pause, go_on{});
}

void client::report_progress() {
  send(boss_, progress{std::exchange(unreported_, 0)});
}

} // namespace ml_predictor
