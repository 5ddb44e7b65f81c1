#include <pyactor/supervisors/python/events.hpp>

#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/supervisors/python/fields.hpp>
#include <pyactor/supervisors/python/refs.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pyactor::supervisors::python {

namespace {

using std::chrono::nanoseconds;

/// What Python gets: a `str`, or None.
using str_or_none = std::optional<std::string>;

/// @returns JSON: an event, or `null` where none can come any more; none where
///          none has come within `limit`
str_or_none next_event(const event_stream& events, nanoseconds limit) {
  auto was_closed = events.is_closed();
  if (auto event = events.next(limit))
    return to_json(*event);
  // Closed meanwhile, it may have got an event meanwhile, too.
  return was_closed ? str_or_none{"null"} : std::nullopt;
}

/// Adds a function whose first argument is a stream.
template <class F>
void add_reader(extension& module, std::string_view name, size_t parameters,
                F f) {
  auto body = [f](const std::vector<value>& args) -> expected<str_or_none> {
    auto events = handle_in<events_handle>(args[0]);
    if (!events)
      return unexpected{std::move(events).error()};
    return f((*events)->what(), args);
  };
  module.any_thread_functions.push_back({std::string{name}, parameters, body});
}

} // namespace

void define_events(extension& module) {
  module.define("_make_events", [](uint64_t capacity) {
    return value::actor(
      std::make_shared<events_handle>(event_stream{capacity}));
  });
  add_reader(module, "_next_event", 2,
             [](const event_stream& events,
                const std::vector<value>& args) -> expected<str_or_none> {
               auto limit = from_value<double>(args[1]);
               if (!limit)
                 return unexpected{std::move(limit).error()};
               return next_event(events, seconds(*limit));
             });
  add_reader(
    module, "_close_events", 1,
    [](const event_stream& events, const std::vector<value>&) -> str_or_none {
      events.close();
      return std::nullopt;
    });
  add_reader(
    module, "_dropped_events", 1,
    [](const event_stream& events, const std::vector<value>&) -> str_or_none {
      return std::to_string(events.dropped());
    });
}

} // namespace pyactor::supervisors::python
