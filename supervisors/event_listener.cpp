#include <pyactor/supervisors/event_listener.hpp>

#include <pyactor/libpyactor/log.hpp>
#include <pyactor/supervisors/child_spec.hpp>

#include <exception>
#include <stop_token>
#include <string_view>
#include <utility>

namespace pyactor::supervisors {

namespace {

void complain(const supervision_event& about, std::string_view what) {
  log(layer::supervisors)
    .warn("event listener: its function threw at {} '{}': {}",
          to_string(about.what), about.id, what);
}

/// Reads `events` until they are closed, or `stop` says that the listener is
/// gone.
void listen(const std::stop_token& stop, const event_stream& events,
            const event_listener::function& tell,
            std::atomic<uint64_t>& errors) {
  while (!stop.stop_requested()) {
    auto event = events.next(forever);
    if (!event)
      return;
    try {
      tell(*event);
    } catch (const std::exception& thrown) {
      ++errors;
      complain(*event, thrown.what());
    } catch (...) {
      ++errors;
      complain(*event, "no std::exception");
    }
  }
}

} // namespace

event_listener::event_listener(function tell, size_t capacity)
  : events_(capacity), errors_(std::make_shared<std::atomic<uint64_t>>(0)),
    thread_([events = events_, errors = errors_,
             tell = std::move(tell)](const std::stop_token& stop) { //
      listen(stop, events, tell, *errors);
    }) {
  // nop
}

event_listener::~event_listener() {
  events_.close();
  if (thread_.get_id() != std::this_thread::get_id()) {
    thread_.join();
    return;
  }
  thread_.request_stop();
  thread_.detach();
}

} // namespace pyactor::supervisors
