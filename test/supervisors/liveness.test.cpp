#include <pyactor/supervisors/engine/signals.hpp>
#include <pyactor/test/supervisors/probed_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>

namespace liveness_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using enum probe_kind;

#define TEST(what) TEST_CASE(what, "[liveness]")

namespace {

const supervisor_flags many{.intensity = 1000, .period = 1000h};

/// One child "c" with a liveness probe.
struct watched_child {
  explicit watched_child(uint32_t threshold = 3,
                         restart_type restart = restart_type::permanent,
                         classify_fn classify = {}) {
    auto spec = w.spec("c", restart);
    spec.liveness = w.probe(liveness);
    spec.liveness->failure_threshold = threshold;
    spec.classify = std::move(classify);
    w.answers[liveness] = health::good;
    w.start(many, {spec, w.spec("sibling")});
  }

  int count(supervision_event::kind what) const {
    return static_cast<int>(std::ranges::count(
      w.events, what, [](const auto& event) { return event.what; }));
  }

  probed_world w;
};

} // namespace

TEST("a child is killed with as many misses in a row as the threshold says, "
     "and no sooner") {
  watched_child x;
  x.w.advance(10s); // a success
  x.w.answers[liveness] = health::bad;
  x.w.advance(20s);
  CHECK(x.w.asked[liveness] == 3);
  x.w.advance(10s - 1ns);
  CHECK(x.w.child("c").starts == 1);
  x.w.answers[liveness] = health::good;
  x.w.advance(1ns); // not three in a row
  x.w.answers[liveness] = health::bad;
  x.w.advance(30s - 1ns);
  CHECK(x.w.child("c").starts == 1);
  x.w.advance(1ns);
  CHECK(x.w.child("c").starts == 2);
  CHECK(x.w.which() == "sibling:running c:running");
}

TEST("a child that is killed for its liveness probe has ended abnormally, and "
     "counts once") {
  watched_child x{1};
  x.w.answers[liveness] = health::bad;
  x.w.advance(10s - 1ns);
  CHECK(x.w.statistics().restarts == 0);
  x.w.advance(1ns);
  auto info = x.w.info("c");
  REQUIRE(info.last_exit);
  CHECK(info.last_exit->kind == exit_kind::liveness_failed);
  CHECK(info.last_exit->cls == exit_class::abnormal);
  CHECK(info.last_exit->incarnation == 1);
  CHECK(to_string(*info.last_exit)
        == "liveness_failed: 1 miss of the liveness probe in a row; the last: "
           "answered false");
  CHECK(info.restarts == 1);
  CHECK(info.consecutive_failures == 1);
  auto seen = x.w.statistics();
  CHECK(seen.restarts == 1);
  CHECK(seen.kills == 1);
  CHECK(seen.shutdown_errors == 0);
  CHECK(seen.stale_events == 0);
  CHECK(x.count(supervision_event::kind::exited) == 1);
  CHECK(x.count(supervision_event::kind::shutdown_error) == 0);
}

TEST("false, an error, another answer and none in time are misses") {
  watched_child x{1};
  auto [how, text] = GENERATE(
    table<health, std::string>({{health::bad, "answered false"},
                                {health::failing, "error: no disk"},
                                {health::puzzling, "answered neither true nor "
                                                   "false"},
                                {health::silent, "no answer within 1s"}}));
  x.w.answers[liveness] = how;
  x.w.advance(11s);
  CHECK(x.w.child("c").starts == 2);
  auto message = x.w.info("c").last_exit->message;
  INFO(message);
  CHECK(message.ends_with("the last: " + text));
}

TEST("an answer is in time until the timeout, and then it is not") {
  watched_child x{1};
  x.w.answers[liveness] = health::silent;
  x.w.advance(10s);
  REQUIRE(x.w.asked[liveness] == 1);
  x.w.advance(1s - 1ns);
  SECTION("a nanosecond earlier") {
    x.w.answer_late("c", true);
    x.w.advance(1ns);
    CHECK(x.w.child("c").starts == 1);
    x.w.advance(9s - 1ns); // the period goes from question to question
    CHECK(x.w.asked[liveness] == 1);
    x.w.advance(1ns);
    CHECK(x.w.asked[liveness] == 2);
  }
  SECTION("not at all") {
    CHECK(x.w.child("c").starts == 1);
    x.w.advance(1ns);
    CHECK(x.w.child("c").starts == 2);
  }
}

TEST("an answer after the timeout is counted as stale, and changes nothing") {
  watched_child x{2};
  x.w.answers[liveness] = health::silent;
  x.w.advance(12s);
  x.w.answer_late("c", true);
  CHECK(x.w.statistics().stale_events == 1);
  x.w.answers[liveness] = health::bad;
  x.w.advance(8s);
  CHECK(x.w.child("c").starts == 2);
}

TEST("an answer to a question of another number or incarnation is stale") {
  watched_child x{1};
  x.w.answers[liveness] = health::silent;
  x.w.advance(10s);
  auto send = [&](incarnation_id incarnation, probe_kind kind,
                  uint64_t number) {
    caf::anon_send(x.w.supervisor,
                   engine::probe_answered{{incarnation, kind, number}, "bad"});
    x.w.run();
  };
  send(1, liveness, 0);
  send(1, liveness, 2);
  send(1, readiness, 1);
  send(1, startup, 1);
  send(2, liveness, 1); // the sibling's incarnation
  send(3, liveness, 1);
  CHECK(x.w.statistics().stale_events == 6);
  CHECK(x.w.child("c").starts == 1);
  send(1, liveness, 1);
  CHECK(x.w.child("c").starts == 2);
}

TEST("the end of a child with an open question is no miss") {
  watched_child x{1};
  x.w.answers[liveness] = health::silent;
  x.w.advance(10s);
  x.w.answers[liveness] = health::good;
  SECTION("that it had taken up") {
    x.w.tell("c", die{crash()});
  }
  SECTION("that is still in its mailbox") {
    x.w.advance(1s); // killed, and started again
    x.w.tell("c", get_stuck{});
    x.w.advance(10s);
    x.w.kill("c");
    x.w.tell_later("c", die{crash()});
    caf::anon_send(x.w.gate, open_gate{});
    x.w.run();
  }
  auto starts = x.w.child("c").starts;
  auto kills = x.w.statistics().kills;
  CHECK(x.w.info("c").last_exit->kind != exit_kind::liveness_failed);
  x.w.advance(100s);
  CHECK(x.w.child("c").starts == starts);
  CHECK(x.w.statistics().kills == kills);
}

TEST("its restart type says what follows when a child is killed for its "
     "liveness probe") {
  auto restart = GENERATE(restart_type::permanent, restart_type::transient,
                          restart_type::temporary);
  watched_child x{1, restart};
  x.w.answers[liveness] = health::bad;
  x.w.advance(10s);
  CHECK(x.w.which()
        == (restart == restart_type::temporary ? "sibling:running"
                                               : "sibling:running c:running"));
}

TEST("classify decides about a child that is killed for its liveness probe, "
     "and is asked once") {
  int calls = 0;
  auto verdict = GENERATE(exit_class::normal, exit_class::fatal);
  watched_child x{1, restart_type::transient, [&](const exit_info& how) {
                    ++calls;
                    CHECK(how.kind == exit_kind::liveness_failed);
                    return verdict;
                  }};
  x.w.answers[liveness] = health::bad;
  x.w.advance(10s);
  CHECK(x.w.which() == "sibling:running c:stopped");
  CHECK(x.w.info("c").given_up == (verdict == exit_class::fatal));
  CHECK(x.w.info("c").last_exit->cls == verdict);
  CHECK(calls == 1);
}

namespace {

/// A child that its liveness probe has failed, and that the kill does not end.
struct stuck_child : watched_child {
  stuck_child() : watched_child(1) {
    w.answers[liveness] = health::silent;
    w.advance(9s);
    w.tell("c", get_stuck{});
    w.advance(2s);
    CHECK(w.which() == "sibling:running c:stopping");
  }
};

} // namespace

TEST("a child that cannot be killed for its liveness probe is abandoned, "
     "replaced, and counted once") {
  stuck_child x;
  x.w.advance(2s - 1ns);
  CHECK(x.w.child("c").starts == 1);
  x.w.advance(1ns);
  CHECK(x.w.child("c").starts == 2);
  auto seen = x.w.statistics();
  CHECK(seen.restarts == 1);
  CHECK(seen.zombies.size() == 1);
  auto how = *x.w.info("c").last_exit;
  CHECK(how.kind == exit_kind::liveness_failed);
  CHECK(how.message.ends_with("it did not end although it was killed"));
}

TEST("who terminates a child that is being killed for its liveness probe joins "
     "that stop, and it stays stopped") {
  stuck_child x;
  auto order = x.w.order(terminate_child{"c"});
  CHECK_FALSE(order.answered());
  SECTION("once it has ended") {
    caf::anon_send(x.w.gate, open_gate{});
    x.w.run();
  }
  SECTION("once it is abandoned") {
    x.w.advance(2s);
  }
  CHECK(order.ok());
  x.w.advance(100s);
  CHECK(x.w.which() == "sibling:running c:stopped");
  CHECK(x.w.statistics().restarts == 0);
}

TEST("orders that wait for a child that is being killed for its liveness probe "
     "find it coming back") {
  stuck_child x;
  auto restart = x.w.order(restart_child{"c"});
  auto remove = x.w.order(delete_child{"c"});
  auto add = x.w.order(start_child{x.w.spec("c")});
  CHECK_FALSE(restart.answered());
  x.w.advance(2s);
  CHECK(restart.failed_with(sup_errc::restarting));
  CHECK(remove.failed_with(sup_errc::restarting));
  CHECK(add.failed_with(sup_errc::already_present));
}

TEST("a supervisor stops although a child is being killed for its liveness "
     "probe") {
  stuck_child x;
  x.w.stop();
  x.w.advance(2s);
  CHECK(x.w.supervisor_end);
  CHECK(x.w.child("c").starts == 1);
}

TEST("a child that is being stopped is not asked, and what it owes is stale") {
  probed_world w;
  w.child("c").deaf = true;
  auto spec = w.spec("c");
  spec.liveness = w.probe(liveness);
  spec.liveness->failure_threshold = 1;
  w.answers[liveness] = health::silent;
  w.start(many, {spec});
  w.advance(10s);
  CHECK(w.asked[liveness] == 1);
  auto order = [&] {
    if (GENERATE(true, false))
      return w.order_later(terminate_child{"c"});
    return w.order_later(cycle_child{"c"});
  }();
  w.run();
  w.advance(5s - 1ns);
  CHECK(w.which() == "c:stopping");
  CHECK(w.asked[liveness] == 1);
  w.answer_late("c", false);
  CHECK(w.statistics().stale_events == 1);
  w.advance(1ns);
  CHECK(order.ok());
  CHECK(w.statistics().restarts == 0);
}

} // namespace liveness_test
