#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/probed_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <nlohmann/json.hpp>

namespace readiness_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using enum probe_kind;

#define TEST(what) TEST_CASE(what, "[readiness]")

namespace {

const supervisor_flags many{.intensity = 1000, .period = 1000h};

/// One child "c" whose readiness probe fails after two misses, and passes after
/// two successes.
struct serving_child {
  serving_child() {
    w.answers[readiness] = health::bad;
    w.start(many, {spec()});
  }

  child_spec spec() {
    auto result = w.spec("c");
    result.readiness = w.probe(readiness);
    result.readiness->failure_threshold = 2;
    result.readiness->success_threshold = 2;
    return result;
  }

  void become_ready() {
    w.answers[readiness] = health::good;
    w.advance(20s);
    REQUIRE(is_ready());
  }

  /// @returns whether client and supervisor agree that the child is ready
  bool is_ready() {
    auto ready = w.info("c").ready;
    CHECK(w.info("c").status == child_status::running);
    CHECK(ref().status() == child_status::running);
    CHECK(ref().current().has_value() == ready);
    CHECK(ref().incarnation().has_value() == ready);
    return ready;
  }

  child_ref ref() {
    return w.ref->child("c");
  }

  /// @returns what a client gets who asks the child for its incarnation: the
  ///          answer, or the rendered error
  std::string ask() {
    std::string result;
    w.system.spawn([&, ref = ref()](caf::event_based_actor* self) {
      ref.request(self, caf::infinite, who_are_you{})
        .then([&](incarnation_id number) { result = std::to_string(number); },
              [&](const caf::error& why) { result = w.system.render(why); });
    });
    w.run();
    return result;
  }

  probed_world w;
};

} // namespace

TEST("a child with a readiness probe is not ready until that has passed, and "
     "is given no requests") {
  serving_child x;
  CHECK_FALSE(x.is_ready());
  CHECK(x.ask().ends_with("child_unavailable: the child runs, but is not "
                          "ready"));
  auto why = child_unavailable::from_error(x.ref().current().error());
  REQUIRE(why);
  CHECK(why->status == child_status::running);
  x.w.answers[readiness] = health::good;
  x.w.advance(20s - 1ns);
  CHECK_FALSE(x.is_ready());
  x.w.advance(1ns);
  CHECK(x.is_ready());
  CHECK(x.ask() == "1");
}

TEST("a child without a readiness probe is ready when it runs") {
  probed_world w;
  w.child("c").start = child_control::start_mode::manual_ack;
  w.start(many, {w.spec("c")});
  CHECK_FALSE(w.info("c").ready);
  w.child("c").acks[0]();
  w.run();
  CHECK(w.info("c").ready);
  w.order(terminate_child{"c"});
  CHECK_FALSE(w.info("c").ready);
}

TEST("a child is no longer ready with as many misses in a row as the threshold "
     "says, ready again later, and never restarted for it") {
  serving_child x;
  x.become_ready();
  x.w.answers[readiness] = health::failing;
  x.w.advance(20s - 1ns);
  CHECK(x.is_ready());
  x.w.advance(1ns);
  CHECK_FALSE(x.is_ready());
  x.w.advance(10'000s);
  CHECK_FALSE(x.is_ready());
  x.become_ready();
  CHECK(x.ask() == "1");
  CHECK(x.w.child("c").starts == 1);
  CHECK(x.w.statistics().kills == 0);
}

TEST("a request that a child has when it ceases to be ready is still "
     "answered") {
  serving_child x;
  x.become_ready();
  x.w.answers[readiness] = health::bad;
  bool answered = false;
  x.w.system.spawn([&, ref = x.ref()](caf::event_based_actor* self) {
    ref.request(self, caf::infinite, how_are_you{startup})
      .then([&](bool) { answered = true; }, [](const caf::error&) {});
  });
  x.w.answers[startup] = health::silent;
  x.w.run();
  x.w.advance(20s);
  CHECK_FALSE(x.is_ready());
  CHECK_FALSE(answered);
  x.w.answer_late("c", true);
  CHECK(answered);
}

TEST("events tell when a child becomes ready, and ceases to be") {
  serving_child x;
  x.w.events.clear();
  x.become_ready();
  x.w.answers[readiness] = health::silent;
  x.w.advance(40s);
  x.become_ready();
  std::string seen;
  for (const auto& event : x.w.events)
    seen += to_string(event) + ' ';
  CHECK(seen == "ready 'c' #1 not_ready 'c' #1 ready 'c' #1 ");
}

TEST("a tree shows whether a child is ready") {
  serving_child x;
  auto look = [&] {
    auto reply = x.w.ask<get_tree_reply>(get_tree{});
    x.w.run();
    return reply->value().result.value();
  };
  auto before = look();
  CHECK(before.ready);
  CHECK(to_text(before).find(" not ready ") != std::string::npos);
  CHECK(nlohmann::json::parse(to_json(before))["children"][0]["ready"]
        == false);
  x.become_ready();
  CHECK(to_text(look()).find(" not ready ") == std::string::npos);
  CHECK(nlohmann::json::parse(to_json(look()))["children"][0]["ready"] == true);
}

TEST("each incarnation begins not ready") {
  serving_child x;
  x.become_ready();
  x.w.tell("c", die{crash()});
  CHECK_FALSE(x.is_ready());
  x.w.advance(10s);
  CHECK(x.is_ready());
}

TEST("a crash so long after the child became ready for the last time is a "
     "first one again, and a nanosecond earlier it is not") {
  probed_world w;
  auto spec = w.spec("c");
  spec.readiness = w.probe(readiness);
  spec.readiness->failure_threshold = 1;
  spec.backoff = restart_backoff{.jitter = 0, .reset_after = 60s};
  w.answers[readiness] = health::bad;
  w.start(many, {spec});
  auto crash_and_return = [&] {
    w.tell("c", die{crash()});
    auto pause = w.info("c").next_start_in.value();
    w.advance(pause);
    return pause;
  };
  w.advance(1000s); // never ready
  CHECK(crash_and_return() == 100ms);
  w.advance(1000s);
  CHECK(crash_and_return() == 200ms);
  w.answers[readiness] = health::good;
  w.advance(10s);
  w.answers[readiness] = health::bad;
  w.advance(10s);
  w.answers[readiness] = health::good;
  w.advance(10s); // ready for the second time
  w.advance(60s - 1ns);
  w.answers[readiness] = health::bad; // from the next incarnation on
  CHECK(crash_and_return() == 400ms);
  w.answers[readiness] = health::good;
  w.advance(10s);
  w.answers[readiness] = health::bad;
  w.advance(60s); // no longer ready does not matter
  CHECK_FALSE(w.info("c").ready);
  CHECK(crash_and_return() == 100ms);
}

TEST("reload gives a running child a readiness probe, changes its times, and "
     "takes it away, at once") {
  serving_child x;
  auto bare = x.w.spec("c");
  auto probed = x.spec();
  auto reload = [&](const child_spec& spec) {
    auto answer = x.w.reload(many, {spec}, reload_mode::converge);
    CHECK(answer->value().result->changed == std::vector<std::string>{"c"});
  };
  CHECK_FALSE(x.is_ready());
  reload(bare);
  CHECK(x.is_ready());
  auto asked = x.w.asked[readiness];
  x.w.advance(100s);
  CHECK(x.w.asked[readiness] == asked);
  reload(probed); // it was ready, and is asked at once
  CHECK(x.w.asked[readiness] == asked + 1);
  CHECK(x.is_ready());
  x.w.advance(3s);
  probed.readiness->period = 4s;
  reload(probed);
  x.w.advance(1s - 1ns);
  CHECK(x.is_ready());
  x.w.advance(1ns);
  CHECK_FALSE(x.is_ready());
  CHECK(x.w.child("c").starts == 1);
}

} // namespace readiness_test
