#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/test/shared/crowd.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <map>
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
      auto observe = stream.observer();
      supervision_event event;
      event.id = std::to_string(who);
      while (event.incarnation < each) {
        ++event.incarnation;
        observe(event);
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

} // namespace shared_events_test
