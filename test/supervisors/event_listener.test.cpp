#include <pyactor/supervisors/event_listener.hpp>

#include <pyactor/test/supervisors/captured_log.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <future>
#include <latch>
#include <memory>
#include <numeric>
#include <stdexcept>

namespace event_listener_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

#define TEST(what) TEST_CASE(what, "[event_listener]")

namespace {

/// An event about each incarnation from 1 to `last`.
void publish(const event_stream& stream, incarnation_id last) {
  for (incarnation_id i = 1; i <= last; ++i)
    stream.publish({.id = "child", .incarnation = i, .exit = {}});
}

std::vector<incarnation_id> up_to(incarnation_id last) {
  std::vector<incarnation_id> result(last);
  std::iota(result.begin(), result.end(), 1);
  return result;
}

} // namespace

TEST("a listener hears each event in order") {
  std::latch left{1000};
  std::vector<incarnation_id> heard;
  event_listener listener{[&](const supervision_event& event) {
    heard.push_back(event.incarnation);
    left.count_down();
  }};
  publish(listener.events(), 1000);
  left.wait();
  CHECK(heard == up_to(1000));
  CHECK(listener.errors() == 0);
}

TEST("a listener hears what was published before its end") {
  std::vector<incarnation_id> heard;
  event_stream events;
  {
    event_listener listener{[&](const supervision_event& event) { //
      heard.push_back(event.incarnation);
    }};
    events = listener.events();
    publish(events, 1000);
  }
  CHECK(heard == up_to(1000));
  publish(events, 5);
  CHECK(heard.size() == 1000);
  CHECK(events.dropped() == 5);
}

TEST("what a listener's function throws is logged, and it goes on") {
  captured_log log{spdlog::level::warn};
  std::promise<void> last;
  event_listener listener{[&](const supervision_event& event) {
    if (event.incarnation == 1)
      throw std::runtime_error{"no disk"};
    if (event.incarnation == 2)
      throw 2;
    last.set_value();
  }};
  publish(listener.events(), 3);
  last.get_future().wait();
  CHECK(listener.errors() == 2);
  CHECK(log.lines()
        == std::vector<std::string>{
          "warning event listener: its function threw at started 'child': no "
          "disk",
          "warning event listener: its function threw at started 'child': no "
          "std::exception"});
}

TEST("a slow listener holds up no supervisor, and misses nothing") {
  std::promise<void> busy;
  std::promise<void> go_on;
  std::vector<std::string> heard;
  auto listener = std::make_unique<event_listener>(
    [&, may_go_on = go_on.get_future().share()](const auto& event) {
      if (heard.empty())
        busy.set_value();
      may_go_on.wait();
      heard.push_back(to_string(event));
    });
  auto events = listener->events();
  world w;
  w.start({.events = events}, {w.spec("a")});
  busy.get_future().wait();
  w.tell("a", die{crash("no disk")});
  CHECK(w.order(start_child{w.spec("b")}).ok());
  CHECK(w.order(terminate_child{"b"}).ok());
  CHECK(w.which() == "b:stopped a:running");
  go_on.set_value();
  listener.reset();
  CHECK(heard
        == std::vector<std::string>{"starting 'a' #1", "started 'a' #1",
                                    "exited 'a' #1: error: no disk",
                                    "starting 'a' #2", "restarted 'a' #2",
                                    "starting 'b' #3", "started 'b' #3"});
  CHECK(events.dropped() == 0);
}

TEST("a listener that its own function destroys hears no further event") {
  std::promise<void> gone;
  std::promise<void> published;
  int heard = 0;
  std::unique_ptr<event_listener> listener;
  {
    // Held by the function alone, which goes with the thread.
    std::shared_ptr<void> life{nullptr, [&](void*) { gone.set_value(); }};
    listener = std::make_unique<event_listener>(
      [&, life, all = published.get_future().share()](const auto&) {
        all.wait();
        ++heard;
        listener.reset();
      });
  }
  auto events = listener->events();
  publish(events, 2);
  published.set_value();
  gone.get_future().wait();
  CHECK(heard == 1);
  CHECK(events.next(0s)->incarnation == 2);
}

TEST("a listener without room for an event is refused") {
  CHECK_THROWS_AS(event_listener([](const auto&) {}, 0), std::invalid_argument);
}

} // namespace event_listener_test
