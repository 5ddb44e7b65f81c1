#include <pyactor/test/supervisors/probed_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace group_probes_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using enum probe_kind;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[group_probes]")

namespace {

/// "a" with a liveness probe that one miss fails, and "b", in one group.
struct group_world {
  explicit group_world(std::optional<restart_backoff> backoff = {}) {
    spec.liveness = w.probe(liveness);
    spec.liveness->failure_threshold = 1;
    spec.backoff = backoff;
    w.start({.strategy = restart_strategy::one_for_all,
             .intensity = 1000,
             .period = 1000h},
            {spec, w.spec("b")});
    w.happened();
  }

  probed_world w;
  child_spec spec = w.spec("a");
};

} // namespace

TEST("a child that is killed for its liveness probe takes its group along, "
     "and that counts once") {
  group_world x;
  x.w.answers[liveness] = health::silent;
  x.w.advance(11s);
  CHECK(x.w.happened() == "end a, end b, start a, start b");
  CHECK(x.w.statistics().restarts == 1);
}

TEST("a member that is being killed for its liveness probe when its group is "
     "restarted is part of that, and does not count") {
  group_world x;
  x.w.answers[liveness] = health::silent;
  x.w.advance(9s);
  x.w.tell("a", get_stuck{});
  x.w.advance(2s);
  CHECK(x.w.which() == "b:running a:stopping");
  x.w.tell("b", die{crash()});
  CHECK(x.w.happened() == "end b");
  SECTION("that ends in time") {
    caf::anon_send(x.w.gate, open_gate{});
    x.w.run();
    CHECK(x.w.happened() == "end a, start a, start b");
  }
  SECTION("that is abandoned") {
    x.w.advance(2s);
    CHECK(x.w.happened() == "start a, start b");
  }
  CHECK(x.w.statistics().restarts == 1);
}

TEST("a member that is killed for its liveness probe while its group starts is "
     "restarted after that, with its pause") {
  auto has_pause = GENERATE(false, true);
  group_world x{has_pause
                  ? std::optional{restart_backoff{.initial = 5s, .jitter = 0}}
                  : std::nullopt};
  x.w.child("b").start = mode::manual_ack;
  x.w.tell("b", die{crash()});
  CHECK(x.w.happened() == "end b, end a, start a, start b");
  x.w.answers[liveness] = health::bad;
  x.w.advance(10s);
  CHECK(x.w.happened() == "end a");
  CHECK(x.w.which() == "b:restarting a:restarting");
  x.w.child("b").start = mode::spawn;
  x.w.answers[liveness] = health::good;
  x.w.child("b").acks.back()();
  x.w.run();
  if (has_pause) {
    CHECK(x.w.happened() == "end b");
    x.w.advance(5s - 1ns);
    CHECK(x.w.happened().empty());
    x.w.advance(1ns);
    CHECK(x.w.happened() == "start a, start b");
  } else {
    CHECK(x.w.happened() == "end b, start a, start b");
  }
  CHECK(x.w.which() == "b:running a:running");
  CHECK(x.w.statistics().restarts == 2);
}

TEST("a supervisor that stops starts no child whose restart has waited for a "
     "group") {
  group_world x;
  x.w.child("b").start = mode::manual_ack;
  x.w.tell("b", die{crash()});
  x.w.answers[liveness] = health::bad;
  x.w.advance(10s);
  CHECK(x.w.which() == "b:restarting a:restarting");
  x.w.happened();
  x.w.stop();
  CHECK(x.w.happened() == "end b");
  CHECK(x.w.supervisor_end);
}

TEST("a child that is killed for its liveness probe while the supervisor "
     "starts is restarted when it has started") {
  probed_world w;
  auto spec = w.spec("a");
  spec.liveness = w.probe(liveness);
  spec.liveness->failure_threshold = 1;
  w.child("b").start = mode::manual_ack;
  w.start({.strategy = restart_strategy::one_for_all},
          {spec, w.spec("z"), w.spec("b")});
  w.answers[liveness] = health::bad;
  w.advance(10s);
  CHECK(w.happened() == "start a, start z, start b, end a");
  w.tell("z", die{crash()}); // waits for the same, and is then a member
  CHECK(w.happened() == "end z");
  w.child("b").start = mode::spawn;
  w.answers[liveness] = health::good;
  w.child("b").acks[0]();
  w.run();
  CHECK(w.happened() == "end b, start a, start z, start b");
  CHECK(w.started->value().result);
}

TEST("a child that a reload removes is not killed for its liveness probe") {
  probed_world w;
  w.child("a").deaf = true;
  w.child("b").deaf = true;
  auto spec = w.spec("a");
  spec.liveness = w.probe(liveness);
  spec.liveness->failure_threshold = 1;
  w.start({}, {spec, w.spec("b")});
  w.answers[liveness] = health::bad;
  w.advance(7s);
  w.reload({}, {}, reload_mode::converge); // "b" first, which takes 5 s
  w.advance(4s);
  CHECK(w.asked[liveness] == 1);
  CHECK(w.alive("a"));
  CHECK(w.statistics().kills == 0);
  w.advance(6s);
  CHECK(w.children().empty());
  CHECK(w.statistics().restarts == 0);
}

TEST("reload changes the times of a liveness probe at once, also for an open "
     "question") {
  probed_world w;
  auto spec = w.spec("c");
  spec.liveness = w.probe(liveness);
  spec.liveness->failure_threshold = 1;
  w.answers[liveness] = health::silent;
  w.start({}, {spec});
  w.advance(10s);
  w.world::advance(500ms);
  spec.liveness->timeout = GENERATE(100ms, 700ms, 3000ms);
  w.reload({}, {spec}, reload_mode::otp);
  w.world::advance(0ns);
  auto left = spec.liveness->timeout - 500ms;
  if (left > 0ns) {
    w.world::advance(left - 1ns);
    CHECK(w.child("c").starts == 1);
    w.world::advance(1ns);
  }
  CHECK(w.child("c").starts == 2);
}

TEST("children on demand have the probes of their spec") {
  probed_world w;
  auto spec = w.spec("job");
  spec.startup = w.probe(startup);
  spec.readiness = w.probe(readiness);
  w.start({.strategy = restart_strategy::simple_one_for_one}, {spec});
  w.order(start_child_with{});
  w.order(start_child_with{});
  CHECK(w.asked[startup] == 2);
  CHECK(w.asked[readiness] == 2);
  CHECK(w.info("job-2").ready);
}

} // namespace group_probes_test
