#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <set>

namespace backoff_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 1000, .period = 1000h};
const restart_backoff doubling{
  .initial = 100ms, .max = 1s, .factor = 2, .jitter = 0, .reset_after = 60s};

/// One child "c" with a backoff.
struct patient_child {
  explicit patient_child(restart_backoff policy = doubling,
                         supervisor_flags flags = many) {
    auto spec = w.spec("c");
    spec.backoff = policy;
    w.start(std::move(flags), {spec, w.spec("sibling")});
  }

  void crash_once() {
    w.tell("c", die{crash()});
  }

  /// Lets the child crash and come back.
  /// @returns for how long it was away
  std::chrono::nanoseconds crash_and_return() {
    crash_once();
    auto pause = w.info("c").next_start_in.value();
    w.advance(pause);
    CHECK(w.info("c").status == child_status::running);
    return pause;
  }

  world w;
};

} // namespace

TEST_CASE("a child with a backoff is away longer after each crash, and not "
          "shorter or longer than that",
          "[backoff]") {
  patient_child x;
  auto starts = 1;
  for (auto pause : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    x.crash_once();
    CHECK(x.w.which() == "sibling:running c:restarting");
    CHECK(x.w.info("c").next_start_in == pause);
    x.w.advance(pause - 1ns);
    CHECK(x.w.info("c").next_start_in == 1ns);
    CHECK(x.w.child("c").starts == starts);
    x.w.advance(1ns);
    CHECK(x.w.child("c").starts == ++starts);
    CHECK(x.w.which() == "sibling:running c:running");
    CHECK_FALSE(x.w.info("c").next_start_in);
  }
  CHECK(x.w.info("c").consecutive_failures == 6);
}

TEST_CASE("an event tells when a child will be back", "[backoff]") {
  patient_child x;
  x.crash_once();
  const auto& news = x.w.events.back();
  CHECK(news.what == supervision_event::kind::restart_scheduled);
  CHECK(news.id == "c");
  CHECK(news.pause == 100ms);
  CHECK(to_string(news)
        == "restart_scheduled 'c' #1 in 100ms: error: "
             + x.w.info("c").last_exit->message);
}

TEST_CASE("a restart whose start fails waits as after a crash, and longer than "
          "before",
          "[backoff]") {
  patient_child x;
  x.w.child("c").start = GENERATE(mode::refuse, mode::raise, mode::throw_init);
  x.crash_once();
  auto starts = 1;
  for (auto pause : {100ms, 200ms, 400ms, 800ms, 1000ms}) {
    CHECK(x.w.info("c").next_start_in == pause);
    x.w.advance(pause - 1ns);
    CHECK(x.w.child("c").starts == starts);
    x.w.advance(1ns);
    CHECK(x.w.child("c").starts == ++starts);
  }
  x.w.child("c").start = mode::spawn;
  x.w.advance(1s);
  CHECK(x.w.info("c").status == child_status::running);
}

TEST_CASE("a permanent child with a backoff waits after a normal end, too",
          "[backoff]") {
  patient_child x;
  x.w.tell("c", die{caf::error{}});
  CHECK(x.w.info("c").next_start_in == 100ms);
}

TEST_CASE("a crash after a long run is a first one again, and a nanosecond "
          "earlier it is not",
          "[backoff]") {
  patient_child x;
  CHECK(x.crash_and_return() == 100ms);
  x.w.advance(60s - 1ns);
  CHECK(x.crash_and_return() == 200ms);
  x.w.advance(60s);
  CHECK(x.crash_and_return() == 100ms);
  CHECK(x.w.info("c").consecutive_failures == 1);
  x.w.advance(10'000h);
  CHECK(x.w.info("c").consecutive_failures == 1); // no failure, no new count
}

TEST_CASE("the time that a start takes is no part of a long run", "[backoff]") {
  patient_child x;
  x.w.child("c").start = mode::manual_ack;
  x.crash_once();
  x.w.advance(100ms);
  x.w.advance(20s);
  x.w.child("c").acks.back()();
  x.w.advance(45s);
  x.crash_once();
  CHECK(x.w.info("c").next_start_in == 200ms);
}

TEST_CASE(
  "a start that fails late is the next failure in the row, however long "
  "ago the child was ready",
  "[backoff]") {
  patient_child x;
  x.w.advance(50s);
  x.w.child("c").start = mode::manual_ack;
  x.crash_once();
  x.w.advance(100ms);
  x.w.advance(20s);
  x.w.child("c").acks.back()(crash());
  x.w.run();
  CHECK(x.w.info("c").next_start_in == 200ms);
}

TEST_CASE("jitter spreads pauses over its range, and stays within",
          "[backoff]") {
  std::set<std::chrono::nanoseconds> seen;
  patient_child x{{.initial = 100ms, .max = 1h, .factor = 1, .jitter = 0.5}};
  for (int i = 0; i < 50; ++i) {
    auto pause = x.crash_and_return();
    CHECK(pause >= 100ms);
    CHECK(pause <= 150ms);
    seen.insert(pause);
  }
  CHECK(seen.size() == 50);
  CHECK(*seen.begin() < 115ms);
  CHECK(*seen.rbegin() > 135ms);
}

TEST_CASE("two supervisors do not draw the same jitter", "[backoff]") {
  patient_child x{{.jitter = 1}};
  auto spec = x.w.spec("d");
  spec.backoff = restart_backoff{.jitter = 1};
  auto second = spawn_supervisor(x.w.system, many, {spec}).value();
  x.w.run();
  x.w.tell_later("c", die{crash()});
  x.w.tell_later("d", die{crash()});
  x.w.run();
  auto why = child_unavailable::from_error(second.child("d").current().error());
  CHECK(x.w.info("c").next_start_in != why.value().retry_after);
}

TEST_CASE("a client of a child that waits is told how long the pause is",
          "[backoff]") {
  patient_child x;
  auto ref = x.w.ref->child("c");
  x.crash_once();
  auto why = child_unavailable::from_error(ref.current().error());
  REQUIRE(why);
  CHECK(why->status == child_status::restarting);
  CHECK(why->retry_after == 100ms);
}

TEST_CASE("terminate_child of a child that waits stops it at once and for good",
          "[backoff]") {
  patient_child x;
  x.crash_once();
  CHECK(x.w.order(terminate_child{"c"}).ok());
  CHECK(x.w.info("c").status == child_status::stopped);
  CHECK_FALSE(x.w.info("c").next_start_in);
  x.w.advance(10h);
  CHECK(x.w.child("c").starts == 1);
}

TEST_CASE("other orders for a child that waits are refused and change nothing",
          "[backoff]") {
  patient_child x;
  x.crash_once();
  CHECK(x.w.order(restart_child{"c"}).failed_with(sup_errc::restarting));
  CHECK(x.w.order(cycle_child{"c"}).failed_with(sup_errc::restarting));
  CHECK(x.w.order(delete_child{"c"}).failed_with(sup_errc::restarting));
  CHECK(x.w.order(start_child{x.w.spec("c")})
          .failed_with(sup_errc::already_present));
  CHECK(x.w.info("c").next_start_in == 100ms);
  x.w.advance(100ms);
  CHECK(x.w.child("c").starts == 2);
}

TEST_CASE("a stop of the supervisor does not wait for a child that waits",
          "[backoff]") {
  patient_child x{{.initial = 1h, .max = 1h}};
  x.crash_once();
  x.w.stop();
  CHECK(x.w.supervisor_end);
  x.w.advance(2h);
  CHECK(x.w.child("c").starts == 1);
}

TEST_CASE("a supervisor that is killed starts no child that waited",
          "[backoff]") {
  patient_child x;
  x.crash_once();
  caf::anon_send_exit(x.w.supervisor, caf::exit_reason::kill);
  x.w.run();
  x.w.advance(1h);
  CHECK(x.w.child("c").starts == 1);
}

TEST_CASE("the timer of a wait that was cancelled starts nothing later",
          "[backoff]") {
  patient_child x;
  x.crash_once();
  x.w.order(terminate_child{"c"});
  x.w.child("c").start = mode::manual_ack;
  auto order = x.w.order_later(restart_child{"c"});
  x.w.run();
  x.w.advance(100ms); // when the wait would have ended
  CHECK(x.w.child("c").starts == 2);
  CHECK(x.w.info("c").status == child_status::starting);
  x.w.child("c").acks.back()();
  x.w.run();
  CHECK(order.ok());
  x.w.advance(10h);
  CHECK(x.w.child("c").starts == 2);
  CHECK(x.w.statistics().stale_events == 0);
}

TEST_CASE("a child that is deleted and added again has no pause left",
          "[backoff]") {
  patient_child x;
  x.crash_once();
  x.w.order(terminate_child{"c"});
  x.w.order(delete_child{"c"});
  CHECK(x.w.order(start_child{x.w.spec("c")}).ok());
  CHECK(x.w.info("c").consecutive_failures == 0);
  x.w.advance(10h);
  CHECK(x.w.child("c").starts == 2);
  x.crash_once(); // its new spec has no backoff
  CHECK(x.w.child("c").starts == 3);
}

TEST_CASE("the crashes of a child that waits cost intensity like others",
          "[backoff]") {
  patient_child x{doubling, {.intensity = 2, .period = 1h}};
  x.crash_and_return();
  x.crash_and_return();
  x.crash_once();
  CHECK(x.w.supervisor_end);
  CHECK(*x.w.supervisor_end == caf::make_error(sup_errc::give_up));
}

TEST_CASE("while one child waits, its sibling is restarted at once",
          "[backoff]") {
  patient_child x;
  x.crash_once();
  x.w.tell("sibling", die{crash()});
  CHECK(x.w.which() == "sibling:running c:restarting");
  CHECK(x.w.child("sibling").starts == 2);
}

TEST_CASE("an order that starts a child makes its next failure a first one",
          "[backoff]") {
  patient_child x;
  CHECK(x.crash_and_return() == 100ms);
  CHECK(x.crash_and_return() == 200ms);
  SECTION("cycle_child") {
    CHECK(x.w.order(cycle_child{"c"}).ok());
  }
  SECTION("terminate_child and restart_child") {
    x.crash_once();
    CHECK(x.w.order(terminate_child{"c"}).ok());
    CHECK(x.w.order(restart_child{"c"}).ok());
  }
  CHECK(x.w.info("c").consecutive_failures == 0);
  CHECK(x.crash_and_return() == 100ms);
}

TEST_CASE("failures in a row are counted without a backoff, too", "[backoff]") {
  world w;
  w.start(many, {w.spec("c")});
  for (uint64_t n = 1; n <= 3; ++n) {
    w.tell("c", die{crash()});
    CHECK(w.info("c").status == child_status::running);
    CHECK(w.info("c").consecutive_failures == n);
  }
  w.advance(60s);
  w.tell("c", die{crash()});
  CHECK(w.info("c").consecutive_failures == 1);
  w.child("c").start = mode::refuse;
  w.tell("c", die{crash()});
  CHECK(w.info("c").consecutive_failures == 3); // the crash and a failed start
  CHECK(w.info("c").next_start_in == 10ms);
}

TEST_CASE("a pause that no clock can hold never ends, until somebody ends it",
          "[backoff]") {
  patient_child x{{.initial = forever, .max = forever}};
  x.crash_once();
  x.w.advance(10'000h);
  CHECK(x.w.info("c").status == child_status::restarting);
  CHECK_FALSE(x.w.info("c").next_start_in);
  CHECK(x.w.order(terminate_child{"c"}).ok());
}

TEST_CASE("a spec with a wrong backoff is refused", "[backoff]") {
  world w;
  w.start(many, {});
  auto spec = w.spec("c");
  spec.backoff = restart_backoff{.initial = 0ns};
  auto order = w.order(start_child{spec});
  CHECK(order.failed_with(sup_errc::invalid_spec));
  CHECK(order.error().message.starts_with("backoff needs"));
  auto sup = spawn_supervisor(w.system, many, {spec});
  REQUIRE_FALSE(sup);
  CHECK(sup.error().code == sup_errc::invalid_spec);
  CHECK(w.child("c").starts == 0);
}

} // namespace backoff_test
