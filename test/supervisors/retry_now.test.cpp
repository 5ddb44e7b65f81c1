#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace retry_now_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 1000, .period = 1000h};

/// A child "c" that waits for a restart, for 100 ms at first.
struct waiting_child {
  explicit waiting_child(supervisor_flags flags = many,
                         std::optional<uint64_t> total = {}) {
    auto spec = w.spec("c");
    spec.backoff = restart_backoff{.jitter = 0};
    spec.max_total_restarts = total;
    w.start(std::move(flags), {spec});
    w.tell("c", die{crash()});
    REQUIRE(w.info("c").next_start_in == 100ms);
  }

  world w;
};

/// @returns the message of an order that was refused as `not_waiting`
std::string refusal(world& w) {
  auto order = w.order(retry_now{"c"});
  REQUIRE(order.failed_with(sup_errc::not_waiting));
  CHECK(order.error().id == "c");
  return order.error().message;
}

} // namespace

TEST_CASE("retry_now starts a child that waits, once, and answers with its "
          "incarnation",
          "[retry_now]") {
  waiting_child x;
  x.w.advance(40ms);
  auto order = x.w.order(retry_now{"c"});
  REQUIRE(order.ok());
  CHECK(x.w.info("c").status == child_status::running);
  CHECK(x.w.info("c").incarnation == order.value());
  CHECK(x.w.info("c").restarts == 1);
  x.w.advance(10h); // the timer of the wait starts nothing
  CHECK(x.w.child("c").starts == 2);
  CHECK(x.w.statistics().stale_events == 0);
}

TEST_CASE("retry_now is answered when the child is ready, and not before",
          "[retry_now]") {
  waiting_child x;
  x.w.child("c").start = mode::manual_ack;
  auto order = x.w.order(retry_now{"c"});
  CHECK_FALSE(order.answered());
  CHECK(x.w.info("c").status == child_status::restarting);
  x.w.child("c").acks.back()();
  x.w.run();
  CHECK(order.ok());
}

TEST_CASE("retry_now costs no intensity and does not shorten the next wait",
          "[retry_now]") {
  waiting_child x;
  CHECK(x.w.order(retry_now{"c"}).ok());
  CHECK(x.w.statistics().restarts == 1);
  x.w.tell("c", die{crash()});
  CHECK(x.w.info("c").next_start_in == 200ms);
}

TEST_CASE("a retry_now whose start fails says why, and the child waits longer",
          "[retry_now]") {
  waiting_child x;
  x.w.child("c").start = GENERATE(mode::refuse, mode::raise, mode::throw_init);
  auto order = x.w.order(retry_now{"c"});
  REQUIRE(order.failed_with(sup_errc::start_failed));
  CHECK_FALSE(order.error().message.empty());
  CHECK(order.error().reason->kind == exit_kind::start_failed);
  CHECK(x.w.info("c").status == child_status::restarting);
  CHECK(x.w.info("c").next_start_in == 200ms);
  CHECK(x.w.statistics().restarts == 2);
  x.w.child("c").start = mode::spawn;
  x.w.advance(200ms);
  CHECK(x.w.info("c").status == child_status::running);
}

TEST_CASE("a retry_now that fails is answered also where it was one too many",
          "[retry_now]") {
  SECTION("for the child's own limit") {
    waiting_child x{many, 1};
    x.w.child("c").start = mode::refuse;
    CHECK(x.w.order(retry_now{"c"}).failed_with(sup_errc::start_failed));
    CHECK(x.w.info("c").given_up);
  }
  SECTION("for the supervisor") {
    waiting_child x{{.intensity = 1, .period = 1h}};
    x.w.child("c").start = mode::refuse;
    CHECK(x.w.order(retry_now{"c"}).failed_with(sup_errc::start_failed));
    CHECK(x.w.supervisor_end);
  }
}

TEST_CASE("retry_now of a child with nothing to start answers 0",
          "[retry_now]") {
  waiting_child x;
  x.w.child("c").start = mode::ignore;
  CHECK(x.w.order(retry_now{"c"}).value() == 0);
  CHECK(x.w.info("c").status == child_status::stopped);
}

TEST_CASE("retry_now ends also the short wait after a failed start without a "
          "backoff",
          "[retry_now]") {
  world w;
  w.start(many, {w.spec("c")});
  w.child("c").start = mode::refuse;
  w.tell("c", die{crash()});
  w.child("c").start = mode::spawn;
  CHECK(w.order(retry_now{"c"}).ok());
  w.advance(1h);
  CHECK(w.child("c").starts == 3);
}

TEST_CASE("retry_now of a child that does not wait says what it does instead",
          "[retry_now]") {
  world w;
  w.start(many, {w.spec("c")});
  CHECK(w.order(retry_now{"x"}).failed_with(sup_errc::not_found));
  CHECK(w.order(retry_now{"c"}).failed_with(sup_errc::running));
  w.order(terminate_child{"c"});
  CHECK(refusal(w) == "the child is stopped");
  w.child("c").start = mode::manual_ack;
  w.child("c").deaf = true;
  w.order_later(restart_child{"c"});
  w.run();
  CHECK(refusal(w) == "the child is starting");
  w.child("c").acks.back()();
  w.run();
  w.order_later(terminate_child{"c"});
  w.run();
  CHECK(refusal(w) == "the child is stopping");
  CHECK(w.child("c").starts == 2);
}

TEST_CASE("retry_now of a child whose restart is under way does not start it "
          "twice",
          "[retry_now]") {
  waiting_child x;
  x.w.child("c").start = mode::manual_ack;
  auto first = x.w.order(retry_now{"c"});
  CHECK(refusal(x.w) == "the restart is under way");
  x.w.child("c").acks.back()();
  x.w.run();
  CHECK(first.ok());
  CHECK(x.w.child("c").starts == 2);
}

TEST_CASE("retry_now is told when somebody terminates the child meanwhile",
          "[retry_now]") {
  waiting_child x;
  x.w.child("c").start = mode::manual_ack;
  auto retry = x.w.order(retry_now{"c"});
  CHECK(x.w.order(terminate_child{"c"}).ok());
  CHECK(retry.failed_with(sup_errc::terminated));
  x.w.advance(10h);
  CHECK(x.w.child("c").starts == 2);
}

TEST_CASE("retry_now and the end of the wait in the same moment start the "
          "child once",
          "[retry_now]") {
  waiting_child x;
  x.w.advance(100ms - 1ns);
  auto order = x.w.order_later(retry_now{"c"});
  x.w.advance(1ns);
  CHECK(order.answered());
  CHECK(x.w.child("c").starts == 2);
  CHECK(x.w.info("c").status == child_status::running);
}

TEST_CASE("retry_now of a supervisor that stops is refused", "[retry_now]") {
  waiting_child x;
  caf::anon_send(x.w.supervisor, stop_supervisor{});
  auto order = x.w.order_later(retry_now{"c"});
  x.w.run();
  CHECK(x.w.supervisor_end);
  CHECK_FALSE(order.ok());
  CHECK(x.w.child("c").starts == 1);
}

} // namespace retry_now_test
