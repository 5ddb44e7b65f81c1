#pragma once

#include <pyactor/supervisors/event_stream.hpp>

#include <chrono>
#include <optional>

/// Reads events until one is of that kind.
/// @returns it; none if nothing happens for a minute
inline std::optional<pyactor::supervisors::supervision_event>
await_event(const pyactor::supervisors::event_stream& news,
            pyactor::supervisors::supervision_event::kind what) {
  for (;;) {
    auto event = news.next(std::chrono::minutes{1});
    if (!event || event->what == what)
      return event;
  }
}
