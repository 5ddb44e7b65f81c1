#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <map>

namespace groups_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[groups]")

namespace {

const auto normal = caf::error{};
const auto shutdown = caf::make_error(caf::exit_reason::user_shutdown);

supervisor_flags many(restart_strategy strategy) {
  return {.strategy = strategy, .intensity = 100, .period = 1h};
}

const auto all = many(restart_strategy::one_for_all);
const auto rest = many(restart_strategy::rest_for_one);

/// A supervisor with the children a, b and c.
struct three : world {
  /// @param deaf id of one that ignores requests to stop, until it is restarted
  explicit three(const supervisor_flags& flags, const std::string& deaf = {}) {
    child(deaf).deaf = true;
    start(flags, {spec("a"), spec("b"), spec("c")});
    child(deaf).deaf = false;
    journal.clear();
  }
};

std::vector<std::string> others(const world& w, supervision_event::kind what) {
  for (const auto& event : w.events)
    if (event.what == what)
      return event.others;
  return {"no such event"};
}

} // namespace

TEST("one_for_all stops the others in reverse and starts all in order") {
  three w{all};
  w.tell("b", die{crash()});
  CHECK(w.happened() == "end b, end c, end a, start a, start b, start c");
  CHECK(w.which() == "c:running b:running a:running");
  CHECK(w.count() == child_counts{3, 3, 0, 3});
}

TEST("rest_for_one leaves alone what started before the failed child") {
  three w{rest};
  w.tell("b", die{crash()});
  CHECK(w.happened() == "end b, end c, start b, start c");
  CHECK(w.child("a").starts == 1);
  CHECK(w.which() == "c:running b:running a:running");
}

TEST("the restart of a group costs one of the intensity") {
  three w{all};
  w.tell("a", die{crash()});
  CHECK(w.statistics().restarts == 1);
  for (auto* id : {"a", "b", "c"})
    CHECK(w.info(id).restarts == 1);
}

TEST("the events of a group tell how long each member was away") {
  three w{all, "c"};
  w.advance(1h);
  w.events.clear();
  w.tell("b", die{crash()});
  w.advance(5s); // c has to be killed
  std::map<std::string, std::chrono::nanoseconds> away;
  for (const auto& event : w.events)
    if (event.what == supervision_event::kind::restarted)
      away[event.id] = event.latency;
  CHECK(away["a"] == 0s);
  CHECK(away["b"] == 5s);
  CHECK(away["c"] == 0s);
}

TEST("a member that has nothing to start holds up no group") {
  auto nothing_to_start = GENERATE(mode::ignore, mode::decline);
  three w{all};
  w.child("b").start = nothing_to_start;
  w.tell("a", die{crash()});
  CHECK(w.which() == "c:running b:stopped a:running");
  CHECK(w.statistics().restarts == 1);
  w.child("b").start = mode::spawn;
  w.advance(1h);
  w.events.clear();
  w.tell("c", die{crash()}); // takes it along again
  CHECK(w.which() == "c:running b:running a:running");
  for (const auto& event : w.events)
    if (event.what == supervision_event::kind::restarted)
      CHECK(event.latency == (event.id == "b" ? 1h : 0h));
}

TEST("simultaneous crashes in a group cost one restart") {
  for (const auto& flags : {all, rest}) {
    three w{flags};
    w.tell_later("a", die{crash()});
    w.tell_later("c", die{crash()});
    w.run();
    CHECK(w.statistics().restarts == 1);
    CHECK(w.which() == "c:running b:running a:running");
  }
}

TEST("a third crash within the intensity of two ends the supervisor") {
  for (auto strategy :
       {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    three w{{.strategy = strategy, .intensity = 2, .period = 1h}};
    for (int i = 0; i < 3; ++i)
      w.tell("b", die{crash()});
    REQUIRE(w.supervisor_end);
    CHECK(*w.supervisor_end == caf::make_error(sup_errc::give_up));
    for (auto* id : {"a", "b", "c"})
      CHECK_FALSE(w.alive(id));
  }
}

TEST("an end that leads to no restart leaves the group alone") {
  for (const auto& flags : {all, rest}) {
    world w;
    w.start(flags, {w.spec("a"), w.spec("b", restart_type::transient),
                    w.spec("c", restart_type::temporary), w.spec("d")});
    w.tell("b", die{normal});
    w.tell("c", die{crash()});
    CHECK(w.which() == "d:running b:stopped a:running");
    CHECK(w.child("a").starts == 1);
    CHECK(w.child("d").starts == 1);
  }
}

TEST("a group drops its temporary members and starts the stopped ones") {
  for (const auto& flags : {all, rest}) {
    world w;
    w.start(flags,
            {w.spec("a"), w.spec("b", restart_type::temporary), w.spec("c")});
    CHECK(w.order(terminate_child{"c"}).ok());
    w.tell("a", die{normal});
    CHECK(w.which() == "c:running a:running");
  }
}

TEST("the next member stops only when the one before has ended") {
  three w{all, "c"};
  w.tell("b", die{crash()});
  CHECK(w.which() == "c:stopping b:restarting a:running");
  w.advance(5s);
  CHECK(w.happened() == "end b, end c, end a, start a, start b, start c");
}

TEST("the next member starts only when the one before is ready") {
  three w{all};
  w.child("a").start = mode::manual_ack;
  w.tell("b", die{crash()});
  CHECK(w.happened() == "end b, end c, end a, start a");
  CHECK(w.which() == "c:stopped b:restarting a:restarting");
  w.child("a").acks.back()();
  w.run();
  CHECK(w.happened() == "start b, start c");
}

TEST("a member that crashes before its turn to stop is absorbed") {
  three w{all, "c"};
  w.tell("b", die{crash()});
  w.tell("a", die{crash()});
  CHECK(w.which() == "c:stopping b:restarting a:stopped");
  w.advance(5s);
  CHECK(w.statistics().restarts == 1);
  CHECK(w.which() == "c:running b:running a:running");
}

TEST("a member that crashes after its restart restarts the group again") {
  three w{all};
  w.child("b").start = mode::manual_ack;
  w.tell("c", die{crash()});
  w.journal.clear();
  w.tell("a", die{crash()});
  CHECK(w.happened() == "end a"); // the group is not complete yet
  w.child("b").start = mode::spawn;
  w.child("b").acks.back()();
  w.run();
  CHECK(w.happened() == "start c, end c, end b, start a, start b, start c");
  CHECK(w.statistics().restarts == 2);
  CHECK(w.which() == "c:running b:running a:running");
}

TEST("two that crash behind a group that restarts cost one more restart") {
  world w;
  w.start(rest, {w.spec("a"), w.spec("b"), w.spec("c"), w.spec("d")});
  w.child("d").start = mode::manual_ack;
  w.tell("c", die{crash()});
  w.tell("a", die{crash()});
  w.tell("b", die{crash()});
  w.child("d").start = mode::spawn;
  w.child("d").acks.back()();
  w.run();
  CHECK(w.which() == "d:running c:running b:running a:running");
  CHECK(w.statistics().restarts == 2);
}

TEST("an end before a list has started is dealt with after it") {
  world w;
  w.child("b").start = mode::manual_ack;
  w.start(all, {w.spec("a"), w.spec("b")});
  w.tell("a", die{crash()});
  CHECK(w.happened() == "start a, start b, end a");
  w.child("b").start = mode::spawn;
  w.child("b").acks.back()();
  w.run();
  CHECK(w.happened() == "end b, start a, start b");
}

TEST("one_for_all stops and starts all again where a start fails") {
  three w{all};
  w.child("b").start = mode::refuse;
  w.tell("c", die{crash()});
  CHECK(w.which() == "c:stopped b:restarting a:running");
  w.journal.clear();
  w.child("b").start = mode::spawn;
  w.advance(10ms);
  CHECK(w.happened() == "end a, start a, start b, start c");
  CHECK(w.statistics().restarts == 2);
}

TEST("rest_for_one begins again at the member whose start failed") {
  three w{rest};
  w.child("b").start = mode::refuse;
  w.tell("a", die{crash()});
  CHECK(w.which() == "c:stopped b:restarting a:running");
  w.journal.clear();
  w.child("b").start = mode::spawn;
  w.advance(10ms);
  CHECK(w.happened() == "start b, start c");
  CHECK(w.child("a").starts == 2);
}

TEST("a start that fails for ever ends the supervisor of a group") {
  for (auto strategy :
       {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    three w{{.strategy = strategy, .intensity = 4, .period = 1h}};
    w.child("b").start = mode::refuse;
    w.tell("a", die{crash()});
    for (int i = 0; i < 10; ++i)
      w.advance(10ms);
    REQUIRE(w.supervisor_end);
    CHECK(*w.supervisor_end == caf::make_error(sup_errc::give_up));
    CHECK(w.child("b").starts == 5);
    CHECK_FALSE(w.alive("a"));
  }
}

TEST("whoever stops the child that a group waits for strands the others") {
  three w{rest};
  w.child("b").start = mode::refuse;
  w.tell("a", die{crash()});
  CHECK(w.order(restart_child{"b"}).failed_with(sup_errc::restarting));
  CHECK(w.order(terminate_child{"b"}).ok());
  CHECK(w.which() == "c:stopped b:stopped a:running");
  CHECK(others(w, supervision_event::kind::group_aborted)
        == std::vector<std::string>{"c"});
  w.child("b").start = mode::spawn;
  CHECK(w.order(restart_child{"b"}).ok());
  w.advance(1h);
  CHECK(w.which() == "c:stopped b:running a:running");
  CHECK(w.order(restart_child{"c"}).ok());
}

TEST("orders wait until a group is restarted, in the order of their arrival") {
  three w{all, "c"};
  w.tell("b", die{crash()});
  auto added = w.order(start_child{w.spec("d")});
  auto stopped = w.order(terminate_child{"a"});
  auto gone = w.order(delete_child{"a"});
  CHECK_FALSE(added.answered());
  CHECK_FALSE(stopped.answered());
  CHECK(w.which() == "c:stopping b:restarting a:running"); // still answers
  w.advance(5s);
  CHECK(added.ok());
  CHECK(stopped.ok());
  CHECK(gone.ok());
  CHECK(w.which() == "d:running c:running b:running");
}

TEST("whoever waits for a member is told when its group is back") {
  three w{all, "c"};
  auto stopped = w.order_later(terminate_child{"c"});
  w.run();
  auto cycled = w.order(cycle_child{"c"});
  w.tell("a", die{crash()});
  CHECK_FALSE(stopped.answered());
  w.advance(5s);
  CHECK(stopped.ok());
  CHECK(w.which() == "c:running b:running a:running");
  CHECK(cycled.ok());
}

TEST("a start that a group interrupts comes true with the group") {
  three w{all};
  w.child("d").start = mode::manual_ack;
  auto added = w.order(start_child{w.spec("d")});
  w.tell("a", die{crash()});
  CHECK(w.child("d").starts == 2);
  CHECK_FALSE(added.answered());
  SECTION("when it is ready") {
    w.child("d").acks.back()();
    w.run();
    CHECK(added.ok());
    CHECK(w.which() == "d:running c:running b:running a:running");
  }
  SECTION("or not, as any other start") {
    w.child("d").acks.back()(crash("no model"));
    w.run();
    CHECK(added.failed_with(sup_errc::start_failed));
    CHECK(w.which() == "c:running b:running a:running");
  }
}

TEST("the stop of a supervisor does not wait for a group") {
  three w{all, "c"};
  SECTION("that is being stopped") {
    w.tell("b", die{crash()});
    w.stop();
    w.advance(5s);
  }
  SECTION("that is being started") {
    w.child("a").start = mode::manual_ack;
    w.tell("b", die{crash()});
    w.advance(5s);
    w.stop();
  }
  SECTION("some of whose ends were not dealt with") {
    w.child("c").start = mode::manual_ack;
    w.tell("b", die{crash()});
    w.advance(5s);
    w.tell("a", die{crash()});
    w.stop();
  }
  REQUIRE(w.supervisor_end);
  CHECK(*w.supervisor_end == shutdown);
  for (auto* id : {"a", "b", "c"})
    CHECK_FALSE(w.alive(id));
}

TEST("two pauses that end at once lead to one restart of all") {
  world w;
  w.start(rest, {w.spec("a"), w.spec("b"), w.spec("c")});
  // b waits for its next try, then a crashes and its start fails as well.
  w.child("b").start = mode::refuse;
  w.tell("c", die{crash()});
  w.tell("b", die{crash()});
  w.child("a").start = mode::refuse;
  w.tell("a", die{crash()});
  w.child("a").start = mode::spawn;
  w.child("b").start = mode::spawn;
  w.advance(10ms);
  CHECK(w.which() == "c:running b:running a:running");
  w.advance(1h);
  CHECK(w.statistics().stale_events == 0);
}

} // namespace groups_test
