#include <pyactor/examples/ml_predictor/incidents.hpp>

#include <pyactor/examples/ml_predictor/failure.hpp>
#include <pyactor/runtime/messages.hpp>

namespace ml_predictor {

namespace supervisors = pyactor::supervisors;
using clock = std::chrono::steady_clock;

std::string ask(caf::actor_system& system,
                const supervisors::child_ref& predictor,
                const pyactor::arguments& pixels, tally& requests) {
  caf::scoped_actor self{system};
  std::string reason;
  ++requests.sent;
  predictor
    .request(self, std::chrono::seconds{30},
             pyactor::runtime::call{"predict", pixels})
    .receive([&](const pyactor::value&) { ++requests.answered; },
             [&](const caf::error& why) {
               requests.add_failure(why);
               reason = reason_of(why);
             });
  return reason;
}

std::chrono::nanoseconds reset(const predictors& all, const std::string& id) {
  auto start = clock::now();
  all.reset(id);
  return clock::now() - start;
}

exhaustion exhaust(pyactor::runtime::runtime& python, const std::string& model,
                   const pyactor::arguments& poison, tally& requests,
                   journal& events, const std::stop_token& stop) {
  using kind = supervision_event::kind;
  constexpr uint32_t intensity = 3;
  const std::string id = "predictor-0";
  predictors doomed{python, {model, {id}, intensity}, events, stop};
  auto& predictor = doomed.handles().front();
  caf::scoped_actor self{python.system()};
  self->monitor(doomed.supervisor().handle());
  exhaustion result;
  while (result.crashes <= intensity) {
    ask(python.system(), predictor, poison, requests);
    ++result.crashes;
    if (result.crashes <= intensity)
      events.await(kind::restarted, id, result.crashes, stop);
  }
  events.await(kind::give_up, id, 1, stop);
  self->receive([&](const caf::down_msg& end) {
    result.in_order
      = end.reason == caf::make_error(supervisors::sup_errc::give_up)
        && predictor.status() == supervisors::child_status::supervisor_down;
  });
  return result;
}

} // namespace ml_predictor
