#include <pyactor/supervisors/event_stream.hpp>

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <thread>

namespace event_stream_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

namespace {

supervision_event about(incarnation_id incarnation) {
  supervision_event result;
  result.id = "child";
  result.incarnation = incarnation;
  return result;
}

} // namespace

TEST_CASE("a stream hands out events in the order in which they came",
          "[event_stream]") {
  event_stream stream;
  auto tell = stream.observer();
  tell(about(1));
  tell(about(2));
  CHECK(stream.next(0s)->incarnation == 1);
  CHECK(stream.next(0s)->incarnation == 2);
  CHECK_FALSE(stream.next(0s));
  CHECK(stream.dropped() == 0);
}

TEST_CASE("a stream that is full counts the oldest events out",
          "[event_stream]") {
  event_stream stream{2};
  auto tell = stream.observer();
  for (incarnation_id i = 1; i <= 5; ++i)
    tell(about(i));
  CHECK(stream.dropped() == 3);
  CHECK(stream.next(0s)->incarnation == 4);
  CHECK(stream.next(0s)->incarnation == 5);
  CHECK_FALSE(stream.next(0s));
}

TEST_CASE("a stream without room is refused", "[event_stream]") {
  CHECK_THROWS_AS(event_stream{0}, std::invalid_argument);
}

TEST_CASE("a reader that waits wakes up with an event", "[event_stream]") {
  event_stream stream;
  std::jthread writer{[tell = stream.observer()] { tell(about(7)); }};
  CHECK(stream.next(1min)->incarnation == 7);
  std::jthread second{[tell = stream.observer()] { tell(about(8)); }};
  CHECK(stream.next(std::chrono::nanoseconds::max())->incarnation == 8);
}

TEST_CASE("an observer may outlive its stream", "[event_stream]") {
  auto tell = event_stream{}.observer();
  CHECK_NOTHROW(tell(about(1)));
}

} // namespace event_stream_test
