// No timer outlives who has set it.

#include <pyactor/test/supervisors/outcome.hpp>

#include <catch2/catch_test_macros.hpp>

namespace timed_actor_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

/// @returns whether the supervisor is gone, and not only dead, once nobody
///          holds it but the clock
bool is_gone(world& w) {
  auto address = w.supervisor.address();
  w.supervisor = nullptr;
  w.ref.reset();
  w.run();
  return !pyactor::runtime::upgrade(address);
}

} // namespace

TEST_CASE("a supervisor that has stopped has no timer, and is gone",
          "[timed_actor]") {
  world w;
  SECTION("while it has no deadline any more") {
    w.start(many, {w.spec("a")});
    REQUIRE(w.has_timer()); // the start could have timed out
  }
  SECTION("while a child waits for its restart") {
    auto spec = w.spec("a");
    spec.backoff = restart_backoff{};
    w.start(many, {spec});
    w.tell("a", die{crash()});
    CHECK(w.info("a").next_start_in > 0s);
  }
  w.stop();
  REQUIRE(w.supervisor_end);
  CHECK_FALSE(w.has_timer());
  CHECK(is_gone(w));
}

TEST_CASE("a supervisor that was killed has no timer, and is gone",
          "[timed_actor]") {
  world w;
  w.start(many, {w.spec("a")});
  caf::anon_send_exit(w.supervisor, caf::exit_reason::kill);
  w.run();
  REQUIRE(w.supervisor_end);
  CHECK_FALSE(w.has_timer());
  CHECK(is_gone(w));
}

TEST_CASE("a supervisor has one timer, however many deadlines it has",
          "[timed_actor]") {
  world w;
  w.start(many, {w.spec("a"), w.spec("b"), w.spec("c")});
  for (auto pause : {3s, 2s, 1s}) {
    auto spec = w.spec("after " + std::to_string(pause.count()));
    spec.backoff = restart_backoff{.initial = pause, .jitter = 0};
    w.order(start_child{spec});
    w.tell(spec.id, die{crash()});
  }
  // Each deadline holds, and no timer is left over from any.
  for (int starts = 0; starts < 3; ++starts) {
    REQUIRE(w.advance_to_next());
    CHECK(w.now() < 4s);
  }
  CHECK(w.statistics().restarts == 3);
  for (auto id : {"after 1", "after 2", "after 3"})
    CHECK(w.child(id).starts == 2);
}

TEST_CASE("a proxy has no timer, and is gone, once nothing waits with it",
          "[timed_actor]") {
  world w;
  auto spec = w.spec("a");
  spec.while_down = buffer{.ttl = 1h};
  w.start(many, {spec});
  w.child("a").start = mode::manual_ack;
  w.tell("a", die{crash()});
  w.advance(29s); // the supervisor's own timer is that of this start
  auto proxy = w.ref->child("a").proxy(w.system);
  auto address = proxy.address();
  auto sent = request(w, proxy, who_are_you{});
  proxy = nullptr;
  w.run();
  CHECK(pyactor::runtime::upgrade(address)); // so that the request can expire
  SECTION("since the child is back") {
    w.child("a").acks.back()();
    w.run();
    CHECK(sent->value == 2);
  }
  SECTION("since nobody comes back any more") {
    w.stop();
    CHECK(sent->errors == 1);
    CHECK_FALSE(w.has_timer());
  }
  CHECK_FALSE(pyactor::runtime::upgrade(address));
}

} // namespace timed_actor_test
