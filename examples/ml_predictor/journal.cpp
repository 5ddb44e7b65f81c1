#include <pyactor/examples/ml_predictor/journal.hpp>

#include <pyactor/examples/ml_predictor/failure.hpp>

#include <algorithm>

namespace ml_predictor {

void journal::note(const supervision_event& event) {
  {
    std::unique_lock guard{mtx_};
    events_.push_back(event);
  }
  changed_.notify_all();
}

void journal::await(supervision_event::kind what, const std::string& id,
                    size_t wanted, const std::stop_token& stop) const {
  std::unique_lock guard{mtx_};
  auto came = changed_.wait_for(guard, stop, std::chrono::seconds{30},
                                [&] { return count(what, id) >= wanted; });
  if (stop.stop_requested())
    throw interrupted{};
  if (!came)
    throw failure{id + ": waited in vain for the event "
                  + std::string{to_string(what)}};
}

std::vector<std::chrono::nanoseconds> journal::restart_latencies() const {
  std::vector<std::chrono::nanoseconds> result;
  std::unique_lock guard{mtx_};
  for (auto& event : events_)
    if (event.what == supervision_event::kind::restarted)
      result.push_back(event.latency);
  return result;
}

size_t journal::count(supervision_event::kind what,
                      const std::string& id) const {
  auto wanted = [&](const supervision_event& event) {
    return event.what == what && event.id == id;
  };
  return static_cast<size_t>(std::ranges::count_if(events_, wanted));
}

} // namespace ml_predictor
