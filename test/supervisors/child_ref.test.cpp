#include <pyactor/test/supervisors/outcome.hpp>

#include <catch2/catch_test_macros.hpp>

namespace child_ref_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

} // namespace

TEST_CASE("a reference leads to the incarnation that runs", "[child_ref]") {
  world w;
  w.start(many, {w.spec("a")});
  auto ref = w.ref->child("a");
  for (incarnation_id expected = 1; expected < 4; ++expected) {
    CHECK(ref.incarnation() == expected);
    CHECK(ref.current() == w.last_handle("a"));
    auto sent = request(w, ref, who_are_you{});
    w.run();
    CHECK(sent->answers == 1);
    CHECK(sent->value == expected);
    w.tell("a", die{crash()});
  }
}

TEST_CASE("a reference fails at once while nothing runs, and says why",
          "[child_ref]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.start(many, {w.spec("a")});
  auto ref = w.ref->child("a");
  auto expect = [&](child_status status, std::chrono::nanoseconds pause) {
    CHECK(ref.status() == status);
    auto sent = request(w, ref, who_are_you{});
    w.run();
    CHECK(sent->answers == 0);
    CHECK(sent->errors == 1);
    auto why = child_unavailable::from_error(sent->error);
    REQUIRE(why);
    CHECK(why->status == status);
    CHECK(why->retry_after == pause);
    REQUIRE_FALSE(ref.current());
    CHECK(child_unavailable::from_error(ref.current().error())->status
          == status);
    CHECK_FALSE(ref.incarnation());
  };
  expect(child_status::starting, 0ns);
  w.child("a").acks.back()();
  w.run();
  CHECK(ref.current());
  w.tell("a", die{crash()});
  expect(child_status::restarting, 0ns);
  w.child("a").start = mode::refuse;
  w.child("a").acks.back()(crash());
  w.run();
  expect(child_status::restarting, 10ms);
  w.order(terminate_child{"a"});
  expect(child_status::stopped, 0ns);
  w.order(delete_child{"a"});
  expect(child_status::unknown, 0ns);
  w.stop();
  expect(child_status::supervisor_down, 0ns);
}

TEST_CASE("a reference fails at once while its child stops", "[child_ref]") {
  world w;
  w.child("a").deaf = true;
  w.start(many, {w.spec("a")});
  w.order(terminate_child{"a"});
  CHECK(w.ref->child("a").status() == child_status::stopping);
  CHECK_FALSE(w.ref->child("a").current());
}

TEST_CASE("a reference can be made before its child and survives its deletion",
          "[child_ref]") {
  world w;
  w.start(many, {});
  auto ref = w.ref->child("a");
  CHECK(ref.status() == child_status::unknown);
  w.order(start_child{w.spec("a")});
  CHECK(ref.incarnation() == 1);
  w.order(terminate_child{"a"});
  w.order(delete_child{"a"});
  w.order(start_child{w.spec("a")});
  CHECK(ref.incarnation() == 2);
}

TEST_CASE("a request that is being handled when its child dies fails once with "
          "child_down",
          "[child_ref]") {
  // CAF itself would leave it unanswered: the child holds the promise.
  world w;
  w.start(many, {w.spec("a")});
  auto sent = request(w, w.ref->child("a"), keep_me_waiting{});
  w.run();
  CHECK(sent->errors == 0);
  w.kill("a");
  CHECK(sent->errors == 1);
  CHECK(child_down::from_error(sent->error)->incarnation == 1);
}

TEST_CASE("each request that a child still owes an answer fails once with "
          "child_down, however the child ends",
          "[child_ref]") {
  world w;
  w.start(many, {w.spec("a")});
  auto ref = w.ref->child("a");
  auto first = request(w, ref, keep_me_waiting{});
  auto second = request(w, ref, keep_me_waiting{});
  w.run();
  SECTION("by an error") {
    w.tell("a", die{crash()});
  }
  SECTION("by an exception") {
    w.tell("a", fail{});
  }
  SECTION("by a kill") {
    w.kill("a");
  }
  SECTION("normally") {
    w.tell("a", die{});
  }
  SECTION("because it is asked to") {
    CHECK(w.order(cycle_child{"a"}).ok());
  }
  CHECK(ref.incarnation() == 2);
  for (const auto& sent : {first, second}) {
    CHECK(sent->answers == 0);
    CHECK(sent->errors == 1);
    auto why = child_down::from_error(sent->error);
    REQUIRE(why);
    CHECK(why->incarnation == 1);
  }
}

TEST_CASE("a child that answers what it owes with the reason of its exit is "
          "down",
          "[child_ref]") {
  world w;
  auto conscientious = [](caf::event_based_actor* self) {
    auto owed = std::make_shared<std::vector<caf::response_promise>>();
    self->set_exit_handler([=](caf::exit_msg& what) {
      for (auto& promise : std::exchange(*owed, {}))
        promise.deliver(what.reason);
      self->quit(std::move(what.reason));
    });
    return caf::behavior{[=](who_are_you) {
      owed->push_back(self->make_response_promise());
      return owed->back();
    }};
  };
  w.start(many, {{.id = "a", .start = start_function(conscientious)}});
  auto first = request(w, w.ref->child("a"), who_are_you{});
  auto second = request(w, w.ref->child("a"), who_are_you{});
  w.run();
  CHECK(w.order(terminate_child{"a"}).ok());
  for (const auto& sent : {first, second}) {
    CHECK(sent->answers == 0);
    CHECK(sent->errors == 1);
    auto why = child_down::from_error(sent->error);
    REQUIRE(why);
    CHECK(why->incarnation == 1);
  }
}

TEST_CASE(
  "a request that waits in the mailbox of a dying child fails once with "
  "child_down, and is not sent again",
  "[child_ref]") {
  world w;
  w.start(many, {w.spec("a")});
  w.tell_later("a", die{crash()});
  auto sent = request(w, w.ref->child("a"), who_are_you{});
  w.run();
  CHECK(sent->answers == 0);
  CHECK(sent->errors == 1);
  CHECK(child_down::from_error(sent->error)->incarnation == 1);
  CHECK(w.ref->child("a").incarnation() == 2);
}

TEST_CASE("a request to a child that is dead, but not yet known to be, fails "
          "once with child_down",
          "[child_ref]") {
  world w;
  w.start(many, {w.spec("a")});
  auto ref = w.ref->child("a");
  outcome_ptr sent;
  w.last_handle("a")->attach_functor([&] {
    // The child's mailbox is closed; its supervisor has not heard of it.
    CHECK(ref.incarnation() == 1);
    sent = request(w, ref, who_are_you{});
  });
  w.kill("a");
  REQUIRE(sent);
  CHECK(sent->answers == 0);
  CHECK(sent->errors == 1);
  CHECK(child_down::from_error(sent->error)->incarnation == 1);
}

TEST_CASE("an error that the child answers with is the answer", "[child_ref]") {
  world w;
  w.start(many, {w.spec("a")});
  auto sent = request(w, w.ref->child("a"), fail{});
  w.run();
  CHECK(sent->errors == 1);
  CHECK_FALSE(child_down::from_error(sent->error));
  CHECK(sent->error == caf::sec::runtime_error);
}

TEST_CASE("a request that takes too long fails with a timeout, and its late "
          "answer is dropped",
          "[child_ref]") {
  world w;
  w.start(many, {w.spec("a")});
  auto sent
    = request(w, w.ref->child("a"), keep_me_waiting{}, caf::duration{1s});
  w.run();
  w.advance(1s);
  CHECK(sent->errors == 1);
  CHECK(sent->error == caf::sec::request_timeout);
  w.kill("a");
  CHECK(sent->errors == 1);
}

TEST_CASE("an abandoned incarnation fails its requests like a dead one",
          "[child_ref]") {
  world w;
  auto silent = w.system.spawn(silent_until_open);
  caf::actor hung;
  auto start = [silent, &hung](const start_context& context) {
    hung = context.spawn(
      [silent, ack = context.ack()](caf::event_based_actor* self) {
        ack(self->context());
        auto kept = std::make_shared<std::vector<caf::response_promise>>();
        return caf::behavior{[=](who_are_you) {
          self->request(silent, caf::infinite, 1).await([=](int) {
            kept->clear();
          });
          kept->push_back(self->make_response_promise());
          return kept->back();
        }};
      });
    return hung;
  };
  w.start(many, {{.id = "a", .start = start}});
  auto sent = request(w, w.ref->child("a"), who_are_you{});
  w.run();
  w.order(terminate_child{"a"});
  w.advance(5s);
  w.advance(1s);
  CHECK(sent->errors == 0);
  w.advance(1s);
  CHECK(sent->errors == 1);
  CHECK(child_down::from_error(sent->error)->incarnation == 1);
  caf::anon_send(silent, open_gate{});
  w.run();
  CHECK(sent->answers + sent->errors == 1);
  caf::anon_send_exit(silent, caf::exit_reason::kill);
  w.run();
}

TEST_CASE("a reference holds no dead incarnation alive", "[child_ref]") {
  world w;
  w.start(many, {w.spec("a")});
  auto ref = w.ref->child("a");
  auto first = w.child("a").handles[0];
  auto sent = request(w, ref, keep_me_waiting{});
  w.run();
  REQUIRE(caf::actor_cast<caf::actor>(first));
  w.tell("a", die{crash()});
  CHECK_FALSE(caf::actor_cast<caf::actor>(first));
}

TEST_CASE("a reference holds no supervisor alive", "[child_ref]") {
  world w;
  w.start(many, {w.spec("a")});
  auto ref = w.ref->child("a");
  w.supervisor = nullptr;
  w.ref.reset();
  w.run();
  CHECK(w.supervisor_end.has_value());
  CHECK(ref.status() == child_status::supervisor_down);
}

TEST_CASE("a client that ends leaves no trace of its requests", "[child_ref]") {
  world w;
  w.start(many, {w.spec("a")});
  auto client
    = w.system.spawn([ref = w.ref->child("a")](caf::event_based_actor* self) {
        ref.request(self, caf::infinite, keep_me_waiting{})
          .then([](int) {}, [](const caf::error&) {});
        return caf::behavior{[](int) {}};
      });
  w.run();
  caf::anon_send_exit(client, caf::exit_reason::kill);
  w.run();
  client = nullptr;
  w.kill("a");
  CHECK(w.which() == "a:running");
}

TEST_CASE("supervision errors render as words", "[child_ref]") {
  world w;
  w.start(many, {});
  CHECK(w.system.render(child_down{7}.to_error())
        == "child_down: incarnation 7 ended before it had answered");
  CHECK(w.system.render(
          child_unavailable{child_status::restarting, 10ms}.to_error())
        == "child_unavailable: the child is restarting, next start in 10 ms");
}

} // namespace child_ref_test
