#include <pyactor/supervisors/event_listener.hpp>
#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/test/shared/crowd.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <map>
#include <optional>
#include <string>

namespace shared_events_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using pyactor::test::crowd;

TEST_CASE("each event is read once or counted as dropped, and those of one "
          "writer in order",
          "[shared_events]") {
  constexpr int writers = 3;
  constexpr uint64_t each = 5'000;
  event_stream stream{64};
  std::atomic<int> writing = writers;
  uint64_t read = 0;
  bool in_order = true;
  crowd(writers + 1, [&](int who) {
    if (who < writers) {
      supervision_event event;
      event.id = std::to_string(who);
      while (event.incarnation < each) {
        ++event.incarnation;
        stream.publish(event);
      }
      --writing;
      return;
    }
    std::map<std::string, uint64_t> last;
    auto take = [&](std::chrono::nanoseconds timeout) {
      auto event = stream.next(timeout);
      if (!event)
        return false;
      in_order = in_order && last[event->id] < event->incarnation;
      last[event->id] = event->incarnation;
      ++read;
      return true;
    };
    while (writing > 0)
      take(1ms);
    while (take(0ns))
      ;
  });
  CHECK(in_order);
  CHECK(read + stream.dropped() == writers * each);
}

TEST_CASE("a listener that ends while others write has heard each event, or it "
          "counts as dropped",
          "[shared_events]") {
  constexpr int writers = 3;
  constexpr uint64_t each = 5'000;
  uint64_t heard = 0;
  std::optional<event_listener> listener;
  listener.emplace([&](const supervision_event&) { ++heard; }, 64);
  auto stream = listener->events();
  crowd(writers + 1, [&](int who) {
    if (who == writers)
      listener.reset();
    for (uint64_t i = 0; who < writers && i < each; ++i)
      stream.publish({.id = std::to_string(who), .incarnation = i, .exit = {}});
  });
  CHECK(heard + stream.dropped() == writers * each);
}

} // namespace shared_events_test
