#include <pyactor/supervisors/event_stream.hpp>

#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <future>
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
  stream.publish(about(1));
  stream.publish(about(2));
  CHECK(stream.next(0s)->incarnation == 1);
  CHECK(stream.next(0s)->incarnation == 2);
  CHECK_FALSE(stream.next(0s));
  CHECK(stream.dropped() == 0);
}

TEST_CASE("a stream that is full counts the oldest events out",
          "[event_stream]") {
  event_stream stream{2};
  for (incarnation_id i = 1; i <= 5; ++i)
    stream.publish(about(i));
  CHECK(stream.dropped() == 3);
  CHECK(stream.next(0s)->incarnation == 4);
  CHECK(stream.next(0s)->incarnation == 5);
  CHECK_FALSE(stream.next(0s));
}

TEST_CASE("a stream without room is refused", "[event_stream]") {
  CHECK_THROWS_AS(event_stream{0}, std::invalid_argument);
}

TEST_CASE("an event that there was no memory to make counts as dropped",
          "[event_stream]") {
  event_stream stream;
  stream.drop();
  CHECK(stream.dropped() == 1);
  CHECK_FALSE(stream.next(0s));
}

TEST_CASE("a reader that waits wakes up with an event", "[event_stream]") {
  event_stream stream;
  std::jthread writer{[stream] { stream.publish(about(7)); }};
  CHECK(stream.next(1min)->incarnation == 7);
  std::jthread second{[stream] { stream.publish(about(8)); }};
  CHECK(stream.next(forever)->incarnation == 8);
}

TEST_CASE("a copy of a stream is the same stream, and may outlive it",
          "[event_stream]") {
  auto stream = std::make_optional<event_stream>();
  auto copy = *stream;
  stream->publish(about(1));
  stream.reset();
  copy.publish(about(2));
  CHECK(copy.next(0s)->incarnation == 1);
  CHECK(copy.next(0s)->incarnation == 2);
}

TEST_CASE("a closed stream gives what is there, and counts what comes",
          "[event_stream]") {
  event_stream stream;
  stream.publish(about(1));
  CHECK_FALSE(stream.is_closed());
  stream.close();
  stream.publish(about(2));
  stream.close();
  CHECK(stream.is_closed());
  CHECK(stream.dropped() == 1);
  CHECK(stream.next(forever)->incarnation == 1);
  CHECK_FALSE(stream.next(forever));
}

TEST_CASE("whoever waits for an event wakes up when the stream is closed",
          "[event_stream]") {
  event_stream stream;
  auto wait = [stream] { return stream.next(forever); };
  auto first = std::async(std::launch::async, wait);
  auto second = std::async(std::launch::async, wait);
  stream.close();
  CHECK_FALSE(first.get());
  CHECK_FALSE(second.get());
}

TEST_CASE("an event prints as one line of JSON", "[event_stream]") {
  CHECK(to_json(about(1))
        == R"({"what":"started","id":"child","incarnation":1,"exit":null,)"
           R"("latency":0.0,"pause":0.0,"others":[],"context":null})");
  supervision_event full{.what = supervision_event::kind::hung,
                         .id = "a\xff",
                         .incarnation = 7,
                         .exit = exit_info{.kind = exit_kind::error,
                                           .message = "builtins.ValueError: 5\n"
                                                      "Traceback"},
                         .latency = 1500ms,
                         .pause = 250ms,
                         .others = {"b", "c"},
                         .context = "default/0"};
  CHECK(to_json(full)
        == R"({"what":"hung","id":"a)"
           "\xef\xbf\xbd"
           R"(","incarnation":7,)"
           R"("exit":"ValueError: 5","latency":1.5,"pause":0.25,)"
           R"("others":["b","c"],"context":"default/0"})");
}

TEST_CASE("a reader that never reads holds up no supervisor",
          "[event_stream]") {
  world w;
  event_stream unread{2};
  w.start({.intensity = 10, .period = 1h, .events = unread}, {w.spec("a")});
  for (int i = 0; i < 10; ++i)
    w.tell("a", die{crash()});
  CHECK(w.order(start_child{w.spec("b")}).ok());
  CHECK(w.which() == "b:running a:running");
  // Two of each start, three of each crash; two are there.
  CHECK(unread.dropped() == 2 + 3 * 10 + 2 - 2);
  CHECK(to_string(*unread.next(0s)) == "starting 'b' #12");
  CHECK(to_string(*unread.next(0s)) == "started 'b' #12");
}

TEST_CASE("supervision goes on where nobody listens any more",
          "[event_stream]") {
  world w;
  event_stream stream;
  w.start({.events = stream}, {w.spec("a")});
  stream.close();
  w.tell("a", die{crash()});
  CHECK(w.which() == "a:running");
  CHECK(stream.dropped() == 3);
}

} // namespace event_stream_test
