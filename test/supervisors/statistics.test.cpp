// What a supervisor tells of its queue, and of requests that were lost.

#include <pyactor/test/supervisors/outcome.hpp>

#include <catch2/catch_test_macros.hpp>

namespace statistics_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

} // namespace

TEST_CASE("orders are counted while they wait for the stop of their child",
          "[statistics]") {
  world w;
  w.child("a").deaf = true;
  w.start(many, {w.spec("a"), w.spec("b")});
  w.order(terminate_child{"a"});
  CHECK(w.statistics().queue_length == 0); // it has begun
  w.order(restart_child{"a"});
  w.order(cycle_child{"a"});
  w.order(cycle_child{"b"});
  CHECK(w.statistics().queue_length == 2);
  w.child("a").deaf = false;
  w.advance(5s);
  CHECK(w.statistics().queue_length == 0);
}

TEST_CASE("an order that is refused is counted no more", "[statistics]") {
  world w;
  w.child("a").deaf = true;
  w.start(many, {w.spec("a")});
  w.order(terminate_child{"a"});
  auto again = w.order(start_child{w.spec("a")});
  CHECK(w.statistics().queue_length == 1);
  SECTION("when its turn comes") {
    w.child("a").deaf = false;
    w.advance(5s);
    CHECK(again.failed_with(sup_errc::already_present));
  }
  SECTION("at the stop of the supervisor") {
    w.stop();
    CHECK(again.failed_with(sup_errc::shutting_down));
  }
  CHECK(w.statistics().queue_length == 0);
}

TEST_CASE("a child is counted as what its spec says now", "[statistics]") {
  world w;
  w.start(many, {w.spec("a"), w.spec("b")});
  CHECK(w.count() == child_counts{2, 2, 0, 2});
  auto other = w.spec("b");
  other.type = child_type::supervisor;
  w.reload(many, {w.spec("a"), other}, reload_mode::otp);
  CHECK(w.count() == child_counts{2, 2, 1, 1});
}

TEST_CASE("orders are counted while they wait for the supervisor to start",
          "[statistics]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.start(many, {w.spec("a")});
  w.order(start_child{w.spec("b")});
  w.reload(many, {}, reload_mode::converge);
  CHECK(w.statistics().queue_length == 2);
  w.child("a").acks.back()();
  w.run();
  CHECK(w.statistics().queue_length == 0);
}

TEST_CASE("each request that fails with child_down is counted once: in hand, "
          "in the mailbox, and on the way",
          "[statistics]") {
  world w;
  w.start(many, {w.spec("a")});
  auto a = w.ref->child("a");
  auto proxy = a.proxy(w.system);
  caf::scoped_actor self{w.system};
  auto in_hand = request(w, a, keep_me_waiting{});
  auto in_hand_by_proxy = request(w, proxy, keep_me_waiting{});
  w.run();
  CHECK(w.statistics().lost_requests == 0);
  w.tell_later("a", die{crash()});
  auto in_mailbox = a.request(self, caf::infinite, who_are_you{});
  auto in_mailbox_by_proxy = self->request(proxy, caf::infinite, who_are_you{});
  auto on_the_way = request(w, a, who_are_you{}); // sent when the child has run
  w.run();
  int lost = 0;
  auto on_value = [](incarnation_id) {};
  auto on_error = [&](const caf::error& why) {
    lost += child_down::from_error(why).has_value();
  };
  std::move(in_mailbox).receive(on_value, on_error);
  in_mailbox_by_proxy.receive(on_value, on_error);
  for (const auto& sent : {in_hand, in_hand_by_proxy, on_the_way}) {
    CHECK(sent->all() == 1);
    on_error(sent->error);
  }
  CHECK(lost == 5);
  w.run();
  CHECK(w.statistics().lost_requests == 5);
  CHECK(request(w, a, who_are_you{})->all() == 0);
  w.run();
  CHECK(w.statistics().lost_requests == 5);
}

TEST_CASE("a request that its child answers, or that was not sent, is not lost",
          "[statistics]") {
  world w;
  w.start(many, {w.spec("a")});
  request(w, w.ref->child("a"), who_are_you{});
  w.run();
  w.order(terminate_child{"a"});
  auto late = request(w, w.ref->child("a"), who_are_you{});
  w.run();
  CHECK(late->errors == 1);
  CHECK(w.statistics().lost_requests == 0);
}

} // namespace statistics_test
