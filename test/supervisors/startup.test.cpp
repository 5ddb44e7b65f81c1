#include <pyactor/test/supervisors/probed_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace startup_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using enum probe_kind;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[startup]")

namespace {

const supervisor_flags many{.intensity = 1000, .period = 1000h};

/// One child "c" whose startup probe passes after two successes, in a
/// supervisor that runs.
struct slow_child {
  explicit slow_child(std::chrono::nanoseconds start_timeout = 1000s) {
    spec.startup = w.probe(startup);
    spec.startup->success_threshold = 2;
    spec.start_timeout = start_timeout;
    w.answers[startup] = health::bad;
    w.start(many, {});
  }

  world::pending start() {
    return w.order(start_child{spec});
  }

  probed_world w;
  child_spec spec = w.spec("c");
};

} // namespace

TEST("a child is starting until its startup probe has passed, and who starts "
     "it waits for that") {
  slow_child x;
  auto order = x.start();
  CHECK(x.w.which() == "c:starting");
  x.w.answers[startup] = health::good;
  x.w.advance(20s - 1ns);
  CHECK(x.w.which() == "c:starting");
  CHECK_FALSE(order.answered());
  CHECK_FALSE(x.w.ref->child("c").current());
  x.w.advance(1ns);
  CHECK(x.w.which() == "c:running");
  CHECK(order.value() == 1);
  CHECK(x.w.ref->child("c").current());
  x.w.advance(100s);
  CHECK(x.w.asked[startup] == 3);
}

TEST("a startup probe begins with the acknowledgement, and a second one is "
     "stale") {
  slow_child x;
  x.w.child("c").start = mode::manual_ack;
  x.start();
  x.w.advance(100s);
  CHECK(x.w.asked[startup] == 0);
  x.w.child("c").acks[0]();
  x.w.run();
  CHECK(x.w.asked[startup] == 1);
  x.w.child("c").acks[0]();
  x.w.run();
  CHECK(x.w.asked[startup] == 1);
  CHECK(x.w.statistics().stale_events == 1);
  CHECK(x.w.which() == "c:starting");
}

TEST("a start has failed with as many misses in a row as the startup probe's "
     "threshold says, and no sooner") {
  slow_child x;
  auto order = x.start();
  x.w.advance(20s - 1ns);
  CHECK_FALSE(order.answered());
  x.w.advance(1ns);
  CHECK(order.failed_with(sup_errc::start_failed));
  CHECK(order.error().reason->kind == exit_kind::start_failed);
  CHECK(order.error().message
        == "3 misses of the startup probe in a row; the last: answered false");
  CHECK_FALSE(x.w.alive("c"));
  CHECK(x.w.which().empty());
}

TEST("a child that reports a failure while its startup probe runs has failed "
     "to start") {
  slow_child x;
  auto order = x.start();
  x.w.child("c").acks[0](crash("no model"));
  x.w.run();
  CHECK(order.failed_with(sup_errc::start_failed));
  CHECK_FALSE(x.w.alive("c"));
}

TEST("a child that ends while its startup probe runs has failed to start") {
  slow_child x;
  x.w.answers[startup] = health::silent;
  auto order = x.start();
  x.w.tell("c", die{crash("no model")});
  CHECK(order.failed_with(sup_errc::start_failed));
  CHECK(order.error().message == "no model");
  x.w.advance(100s);
  CHECK(x.w.asked[startup] == 1);
  CHECK(x.w.statistics().stale_events == 0);
}

TEST("start_timeout covers the startup probe") {
  slow_child x{15s};
  auto order = x.start();
  x.w.advance(15s - 1ns);
  CHECK_FALSE(order.answered());
  x.w.advance(1ns);
  CHECK(order.failed_with(sup_errc::start_failed));
  CHECK(order.error().reason->kind == exit_kind::start_timeout);
  CHECK(order.error().message == "the startup probe did not pass in time");
}

TEST("a supervisor whose child fails its startup probe does not start, and "
     "stops those that it has started") {
  probed_world w;
  auto spec = w.spec("c");
  spec.startup = w.probe(startup);
  w.answers[startup] = health::bad;
  w.start(many, {w.spec("first"), spec, w.spec("last")});
  CHECK(w.happened() == "start first, start c");
  w.advance(20s);
  CHECK(w.happened() == "end c, end first");
  REQUIRE(w.started->has_value());
  CHECK(w.started->value().result.error().code
        == sup_errc::failed_to_start_child);
}

TEST("the other probes begin when the startup probe has passed") {
  slow_child x;
  x.spec.liveness = x.w.probe(liveness);
  x.spec.readiness = x.w.probe(readiness);
  x.start();
  x.w.advance(5s);
  x.w.answers[startup] = health::good;
  x.w.advance(15s - 1ns);
  CHECK(x.w.asked[liveness] == 0);
  CHECK(x.w.asked[readiness] == 0);
  x.w.advance(1ns);
  CHECK(x.w.asked[liveness] == 0); // its delay begins now
  CHECK(x.w.asked[readiness] == 1);
  x.w.advance(10s);
  CHECK(x.w.asked[liveness] == 1);
  CHECK(x.w.asked[startup] == 3);
}

TEST("a restart whose startup probe fails is tried again, and counts") {
  slow_child x;
  x.w.answers[startup] = health::good;
  x.start();
  x.w.advance(10s);
  REQUIRE(x.w.which() == "c:running");
  x.w.answers[startup] = health::bad;
  x.w.tell("c", die{crash()});
  CHECK(x.w.which() == "c:restarting");
  x.w.advance(20s);
  CHECK(x.w.info("c").last_exit->kind == exit_kind::start_failed);
  CHECK(x.w.statistics().restarts == 2);
  x.w.answers[startup] = health::good;
  x.w.advance(10ms);
  CHECK(x.w.child("c").starts == 3);
  x.w.advance(10s);
  CHECK(x.w.which() == "c:running");
}

TEST("who terminates a child whose startup probe runs ends the start") {
  slow_child x;
  x.w.answers[startup] = health::silent;
  auto start = x.start();
  auto order = x.w.order(terminate_child{"c"});
  CHECK(order.ok());
  CHECK(start.failed_with(sup_errc::terminated));
  CHECK(x.w.which() == "c:stopped");
  x.w.advance(100s);
  CHECK(x.w.asked[startup] == 1);
}

TEST("a supervisor that stops does not wait for a startup probe") {
  slow_child x;
  x.start();
  x.w.stop();
  CHECK(x.w.supervisor_end);
}

TEST("a group goes on to its next member when the startup probe of the one "
     "before has passed") {
  probed_world w;
  auto spec = w.spec("a");
  spec.startup = w.probe(startup);
  w.start({.strategy = restart_strategy::one_for_all}, {spec, w.spec("b")});
  w.happened();
  w.answers[startup] = health::bad;
  w.tell("b", die{crash()});
  CHECK(w.happened() == "end b, end a, start a");
  w.answers[startup] = health::good;
  w.advance(10s - 1ns);
  CHECK(w.happened().empty());
  w.advance(1ns);
  CHECK(w.happened() == "start b");
}

TEST("reload changes the times of a startup probe that runs, and ends the "
     "start by taking it away") {
  slow_child x;
  auto order = x.start();
  x.w.advance(1s);
  auto taken_away = GENERATE(false, true);
  if (taken_away)
    x.spec.startup.reset();
  else
    x.spec.startup->period = 2s;
  auto answer = x.w.reload(many, {x.spec}, reload_mode::otp);
  CHECK(answer->value().result->changed == std::vector<std::string>{"c"});
  x.w.world::advance(0ns);
  if (taken_away) {
    CHECK(order.value() == 1);
    CHECK(x.w.which() == "c:running");
  } else {
    x.w.answers[startup] = health::good;
    x.w.advance(1s);
    CHECK(x.w.asked[startup] == 2);
    x.w.advance(2s);
    CHECK(order.value() == 1);
  }
  x.w.advance(100s);
  CHECK(x.w.asked[startup] == (taken_away ? 1 : 3));
}

} // namespace startup_test
