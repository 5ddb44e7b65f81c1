// An actor handle that outlives the incarnations of a child.

#include <pyactor/test/supervisors/outcome.hpp>

#include <catch2/catch_test_macros.hpp>

namespace child_proxy_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

template <class Message>
outcome_ptr ask(world& w, const caf::actor& whom, Message what) {
  auto result = request(w, whom, std::move(what));
  w.run();
  return result;
}

} // namespace

TEST_CASE("a proxy leads to the incarnation that runs", "[child_proxy]") {
  world w;
  w.start(many, {w.spec("a")});
  auto proxy = w.ref->child("a").proxy(w.system);
  for (incarnation_id expected = 1; expected < 4; ++expected) {
    auto sent = ask(w, proxy, who_are_you{});
    CHECK(sent->all() == 1);
    CHECK(sent->value == expected);
    caf::anon_send(proxy, die{crash()});
    w.run();
  }
}

TEST_CASE("a request through a proxy has one outcome, whatever the child does",
          "[child_proxy]") {
  world w;
  w.start(many, {w.spec("a")});
  auto proxy = w.ref->child("a").proxy(w.system);
  SECTION("it crashes with the promise in hand") {
    auto sent = ask(w, proxy, keep_me_waiting{});
    CHECK(sent->all() == 0);
    w.kill("a");
    CHECK(sent->all() == 1);
    CHECK(child_down::from_error(sent->error)->incarnation == 1);
  }
  SECTION("it crashes before it takes the request") {
    w.tell_later("a", die{crash()});
    auto sent = ask(w, proxy, who_are_you{});
    CHECK(sent->all() == 1);
    CHECK(child_down::from_error(sent->error)->incarnation == 1);
  }
  SECTION("it answers with an error of its own") {
    auto sent = ask(w, proxy, fail{});
    CHECK(sent->all() == 1);
    CHECK_FALSE(child_down::from_error(sent->error));
  }
  SECTION("it is stopped") {
    w.order(terminate_child{"a"});
    auto sent = ask(w, proxy, who_are_you{});
    CHECK(sent->all() == 1);
    CHECK(child_unavailable::from_error(sent->error)->status
          == child_status::stopped);
  }
  SECTION("its supervisor is gone") {
    w.stop();
    auto sent = ask(w, proxy, who_are_you{});
    CHECK(sent->all() == 1);
    CHECK(child_unavailable::from_error(sent->error)->status
          == child_status::supervisor_down);
  }
}

TEST_CASE("a request that was delegated to a proxy is answered to its client",
          "[child_proxy]") {
  world w;
  w.start(many, {w.spec("a")});
  auto front = w.system.spawn(
    [proxy = w.ref->child("a").proxy(w.system)](caf::event_based_actor* self) {
      return caf::behavior{
        [=](who_are_you what) { return self->delegate(proxy, what); }};
    });
  w.clients.push_back(front);
  CHECK(ask(w, front, who_are_you{})->value == 1);
}

TEST_CASE("a message from the child to who has asked through a proxy reaches "
          "its client",
          "[child_proxy]") {
  world w;
  auto talkative = [](caf::event_based_actor* self) {
    return caf::behavior{[self](who_are_you) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), 7);
      return incarnation_id{1};
    }};
  };
  w.start(many, {{.id = "a", .start = start_function(talkative)}});
  int heard = 0;
  int answers = 0;
  w.clients.push_back(
    w.system.spawn([&, proxy = w.ref->child("a").proxy(w.system)](
                     caf::event_based_actor* self) {
      self->request(proxy, caf::infinite, who_are_you{})
        .then([&](incarnation_id) { ++answers; });
      return caf::behavior{[&](int what) { heard += what; }};
    }));
  w.run();
  CHECK(heard == 7);
  CHECK(answers == 1);
}

TEST_CASE("who monitors a proxy, or watches the sender of its request, hears "
          "when that is gone",
          "[child_proxy]") {
  world w;
  int ends = 0;
  auto watchful = [&](caf::event_based_actor* self) {
    self->set_down_handler([&](const caf::down_msg&) { ++ends; });
    return caf::behavior{[self](who_are_you) {
      self->monitor(caf::actor_cast<caf::actor>(self->current_sender()));
      return incarnation_id{1};
    }};
  };
  w.start(many, {{.id = "a", .start = start_function(watchful)}});
  auto proxy = w.ref->child("a").proxy(w.system);
  CHECK(ask(w, proxy, who_are_you{})->value == 1);
  CHECK(ends == 1);
  w.clients.push_back(w.system.spawn([&](caf::event_based_actor* self) {
    self->set_down_handler([&](const caf::down_msg&) { ++ends; });
    self->monitor(proxy);
    return caf::behavior{[](int) {}};
  }));
  w.run();
  proxy = nullptr;
  w.run();
  CHECK(ends == 2);
}

TEST_CASE("an exit message to a proxy ends neither it nor the child",
          "[child_proxy]") {
  world w;
  w.start(many, {w.spec("a")});
  auto proxy = w.ref->child("a").proxy(w.system);
  caf::anon_send_exit(proxy, caf::exit_reason::kill);
  w.run();
  CHECK(ask(w, proxy, who_are_you{})->value == 1);
}

TEST_CASE("a proxy keeps neither child nor supervisor alive", "[child_proxy]") {
  world w;
  w.start(many, {w.spec("a")});
  auto proxy = w.ref->child("a").proxy(w.system);
  auto first = w.child("a").handles[0];
  w.tell("a", die{crash()});
  CHECK_FALSE(caf::actor_cast<caf::actor>(first));
  w.supervisor = nullptr;
  w.ref.reset();
  w.run();
  CHECK(w.supervisor_end.has_value());
}

} // namespace child_proxy_test
