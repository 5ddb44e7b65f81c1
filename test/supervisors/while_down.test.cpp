// What becomes of messages for a child that takes none.

#include <pyactor/test/supervisors/outcome.hpp>
#include <pyactor/test/supervisors/probed_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <atomic>
#include <numeric>
#include <thread>

namespace while_down_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

/// Sends a request and runs.
template <class Message>
outcome_ptr ask(world& w, const child_ref& ref, Message what,
                caf::duration timeout = caf::infinite) {
  auto result = request(w, ref, std::move(what), timeout);
  w.run();
  return result;
}

/// A child "a" whose next starts are the test's to acknowledge.
struct down_world : world {
  explicit down_world(while_down policy) {
    auto one = spec("a");
    one.while_down = std::move(policy);
    start(many, {one});
    child("a").start = mode::manual_ack;
  }

  void crash_it() {
    tell("a", die{crash()});
  }

  void ready() {
    child("a").acks.back()();
    run();
  }

  child_ref a() {
    return ref->child("a");
  }
};

bool is_unavailable(const outcome_ptr& what, child_status status) {
  auto why = child_unavailable::from_error(what->error);
  return what->errors == 1 && what->answers == 0 && why
         && why->status == status;
}

/// Records ints in the order of their arrival.
start_fn recorder(std::shared_ptr<std::vector<int>> seen) {
  return start_function([seen](caf::event_based_actor*) {
    return caf::behavior{[seen](int what) { seen->push_back(what); }};
  });
}

} // namespace

TEST_CASE("a buffer keeps requests until the next incarnation is ready",
          "[while_down]") {
  down_world w{buffer{}};
  auto by_proxy = GENERATE(false, true);
  w.crash_it();
  auto ask_it = [&] {
    auto result = by_proxy ? request(w, w.a().proxy(w.system), who_are_you{})
                           : request(w, w.a(), who_are_you{});
    w.run();
    return result;
  };
  auto first = ask_it();
  auto second = ask_it();
  w.advance(9s);
  CHECK(first->all() == 0);
  w.ready();
  for (const auto& sent : {first, second}) {
    CHECK(sent->answers == 1);
    CHECK(sent->value == 2);
  }
  auto third = ask_it();
  CHECK(third->value == 2);
  w.advance(1h);
  CHECK(first->all() + second->all() + third->all() == 3);
}

TEST_CASE("what has waited for longer than the ttl fails once, and does not "
          "reach the child",
          "[while_down]") {
  down_world w{buffer{.ttl = 3s}};
  w.crash_it();
  auto first = ask(w, w.a(), keep_me_waiting{});
  w.advance(2s);
  auto second = ask(w, w.a(), who_are_you{});
  w.advance(1s);
  CHECK(is_unavailable(first, child_status::restarting));
  CHECK(second->all() == 0);
  w.ready();
  CHECK(second->value == 2);
  w.crash_it();
  auto third = ask(w, w.a(), who_are_you{});
  w.advance(2s);
  CHECK(third->all() == 0);
  w.advance(1s);
  CHECK(is_unavailable(third, child_status::restarting));
  CHECK(first->all() + second->all() == 2);
}

TEST_CASE("what may wait for ever does", "[while_down]") {
  down_world w{buffer{.ttl = forever}};
  w.crash_it();
  auto sent = ask(w, w.a(), who_are_you{});
  w.advance(20s);
  CHECK(sent->all() == 0);
  w.ready();
  CHECK(sent->value == 2);
}

TEST_CASE("a full buffer refuses what comes next", "[while_down]") {
  down_world w{buffer{.capacity = 2}};
  w.crash_it();
  auto first = ask(w, w.a(), who_are_you{});
  auto second = ask(w, w.a(), who_are_you{});
  auto third = ask(w, w.a(), who_are_you{});
  CHECK(is_unavailable(third, child_status::restarting));
  w.ready();
  CHECK(first->value == 2);
  CHECK(second->value == 2);
  w.crash_it();
  CHECK(ask(w, w.a(), who_are_you{})->all() == 0);
}

TEST_CASE("a reference says whether what is sent now would take a detour",
          "[while_down]") {
  down_world patient{buffer{}};
  CHECK_FALSE(patient.a().is_relayed());
  patient.crash_it();
  CHECK(patient.a().is_relayed());
  patient.ready();
  CHECK_FALSE(patient.a().is_relayed());
  down_world hasty{fail_fast{}};
  hasty.crash_it();
  CHECK_FALSE(hasty.a().is_relayed());
}

TEST_CASE("a buffer keeps its order, and nothing overtakes it",
          "[while_down]") {
  world w;
  auto seen = std::make_shared<std::vector<int>>();
  child_spec one{.id = "a", .start = recorder(seen), .while_down = buffer{}};
  one.backoff = restart_backoff{.initial = 1s, .jitter = 0};
  w.start(many, {one});
  auto a = w.ref->child("a");
  auto proxy = a.proxy(w.system);
  caf::anon_send_exit(a.current().value(), caf::exit_reason::kill);
  w.run();
  for (int i = 0; i < 10; ++i)
    caf::anon_send(proxy, i);
  CHECK(seen->empty());
  // The next incarnation has started; what waited is in its mailbox.
  w.advance(1s);
  for (int i = 10; i < 20; ++i)
    caf::anon_send(proxy, i);
  w.run();
  std::vector<int> expected(20);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(*seen == expected);
}

TEST_CASE("a buffer waits for a child that somebody has stopped",
          "[while_down]") {
  down_world w{buffer{}};
  w.order(terminate_child{"a"});
  auto sent = ask(w, w.a(), who_are_you{});
  CHECK(sent->all() == 0);
  w.child("a").start = mode::spawn;
  w.order(restart_child{"a"});
  CHECK(sent->value == 2);
}

TEST_CASE("what waits fails once no incarnation can come any more",
          "[while_down]") {
  down_world w{buffer{}};
  w.order(terminate_child{"a"});
  auto a = w.a();
  auto sent = ask(w, a, who_are_you{});
  CHECK(sent->all() == 0);
  SECTION("because the child is deleted") {
    w.order(delete_child{"a"});
    CHECK(is_unavailable(sent, child_status::unknown));
    CHECK(is_unavailable(ask(w, a, who_are_you{}), child_status::unknown));
  }
  SECTION("because the supervisor ends") {
    w.stop();
    CHECK(is_unavailable(sent, child_status::supervisor_down));
    CHECK(
      is_unavailable(ask(w, a, who_are_you{}), child_status::supervisor_down));
  }
  SECTION("because the supervisor is killed") {
    caf::anon_send_exit(w.supervisor, caf::exit_reason::kill);
    w.run();
    CHECK(sent->errors == 1);
    CHECK(child_unavailable::from_error(sent->error));
  }
  SECTION("because a reload lets nothing wait any more") {
    w.reload(many, {w.spec("a")}, reload_mode::otp);
    CHECK(sent->errors == 1);
    CHECK(is_unavailable(ask(w, a, who_are_you{}), child_status::stopped));
  }
  CHECK(sent->answers == 0);
  w.advance(1h);
  CHECK(sent->errors == 1);
}

TEST_CASE("a buffer waits on where a restart has nothing to do",
          "[while_down]") {
  down_world w{buffer{}};
  w.crash_it();
  auto sent = ask(w, w.a(), who_are_you{});
  w.child("a").acks.back()(start_ignored{});
  w.run();
  CHECK(w.which() == "a:stopped");
  CHECK(sent->all() == 0);
  w.child("a").start = mode::spawn;
  w.order(restart_child{"a"});
  CHECK(sent->value == 3);
}

TEST_CASE("what waits for a temporary child that has nothing to do fails once",
          "[while_down]") {
  world w;
  w.start(many, {});
  w.child("a").start = mode::manual_ack;
  auto one = w.spec("a");
  one.restart = restart_type::temporary;
  one.while_down = buffer{};
  w.order(start_child{one});
  auto sent = ask(w, w.ref->child("a"), who_are_you{});
  CHECK(sent->all() == 0);
  w.child("a").acks.back()(start_ignored{});
  w.run();
  CHECK(w.which() == "");
  CHECK(is_unavailable(sent, child_status::unknown));
  w.advance(1h);
  CHECK(sent->all() == 1);
}

TEST_CASE("a reload that gives a child a buffer opens it at once",
          "[while_down]") {
  world w;
  w.start(many, {w.spec("a")});
  auto patient = w.spec("a");
  patient.while_down = buffer{};
  w.reload(many, {patient}, reload_mode::otp);
  CHECK(w.ref->child("a").incarnation() == 1);
  w.order(terminate_child{"a"});
  auto sent = ask(w, w.ref->child("a"), who_are_you{});
  CHECK(sent->all() == 0);
  w.order(restart_child{"a"});
  CHECK(sent->value == 2);
}

TEST_CASE("a reload that gives a ready child a buffer and a readiness probe "
          "leaves it ready",
          "[while_down]") {
  probed_world w;
  w.start(many, {w.spec("a")});
  auto next = w.spec("a");
  next.readiness = probed_world::probe(probe_kind::readiness);
  next.while_down = buffer{};
  w.reload(many, {next}, reload_mode::otp);
  CHECK(w.info("a").ready);
  CHECK(w.ref->child("a").incarnation() == 1);
  CHECK(ask(w, w.ref->child("a"), who_are_you{})->value == 1);
}

TEST_CASE("a reload of a child that is down keeps what comes from then on",
          "[while_down]") {
  down_world w{buffer{.ttl = 3s}};
  w.crash_it();
  auto longer = w.spec("a");
  longer.while_down = buffer{.ttl = 1h};
  w.reload(many, {longer}, reload_mode::otp);
  auto sent = ask(w, w.a(), who_are_you{});
  w.advance(10s);
  CHECK(sent->all() == 0);
  w.ready();
  CHECK(sent->value == 2);
}

TEST_CASE("what was let in fails once with child_down when that incarnation "
          "ends",
          "[while_down]") {
  down_world w{buffer{}};
  w.crash_it();
  auto sent = ask(w, w.a(), keep_me_waiting{});
  w.ready();
  CHECK(sent->all() == 0);
  w.crash_it();
  CHECK(sent->errors == 1);
  auto why = child_down::from_error(sent->error);
  REQUIRE(why);
  CHECK(why->incarnation == 2);
  w.ready();
  CHECK(sent->all() == 1);
}

TEST_CASE("a client that gives up while it waits gets nothing else",
          "[while_down]") {
  down_world w{buffer{}};
  w.crash_it();
  auto sent = ask(w, w.a(), who_are_you{}, caf::duration{1s});
  w.advance(1s);
  CHECK(sent->error == caf::sec::request_timeout);
  w.ready();
  CHECK(sent->all() == 1);
}

TEST_CASE("a scoped actor gets one outcome of what waited", "[while_down]") {
  down_world w{buffer{.ttl = 1s}};
  w.crash_it();
  caf::scoped_actor self{w.system};
  auto pending = w.a().request(self, caf::infinite, who_are_you{});
  w.ready();
  int outcomes = 0;
  std::move(pending).receive(
    [&](incarnation_id value) {
      ++outcomes;
      CHECK(value == 2);
    },
    [&](const caf::error&) { FAIL(); });
  CHECK(outcomes == 1);
  CHECK_FALSE(self->has_next_message());
}

TEST_CASE("dead letters are collected, and their requests fail at once",
          "[while_down]") {
  std::vector<dead_letter> letters;
  world w;
  auto collector = w.system.spawn([&](caf::event_based_actor*) {
    return caf::behavior{
      [&](const dead_letter& letter) { letters.push_back(letter); }};
  });
  w.clients.push_back(collector);
  auto one = w.spec("a");
  one.while_down = to_dead_letters{collector};
  w.start(many, {one});
  w.order(terminate_child{"a"});
  auto sent = ask(w, w.ref->child("a"), who_are_you{});
  CHECK(is_unavailable(sent, child_status::stopped));
  caf::anon_send(w.ref->child("a").proxy(w.system), 7);
  w.run();
  REQUIRE(letters.size() == 2);
  CHECK(letters[0].child == "a");
  CHECK(letters[0].status == child_status::stopped);
  CHECK(letters[0].sender == w.clients.back());
  CHECK(letters[0].content.match_elements<who_are_you>());
  CHECK_FALSE(letters[1].sender);
  CHECK(letters[1].content.get_as<int>(0) == 7);
  w.order(restart_child{"a"});
  CHECK(ask(w, w.ref->child("a"), who_are_you{})->value == 2);
  CHECK(letters.size() == 2);
}

TEST_CASE("a buffer keeps what comes while the child is not ready",
          "[while_down]") {
  probed_world w;
  w.answers[probe_kind::readiness] = health::bad;
  auto one = w.spec("a");
  one.readiness = probed_world::probe(probe_kind::readiness);
  one.while_down = buffer{.ttl = 1h};
  w.start(many, {one});
  auto sent = ask(w, w.ref->child("a"), who_are_you{});
  w.advance(20s);
  CHECK(sent->all() == 0);
  w.answers[probe_kind::readiness] = health::good;
  w.advance(20s);
  CHECK(w.ref->child("a").current());
  CHECK(sent->value == 1);
}

TEST_CASE("with threads, each request has one outcome, and nothing that was "
          "sent earlier arrives later",
          "[while_down]") {
  constexpr int clients = 4;
  constexpr int each = 500;

  struct config : caf::actor_system_config {
    config() {
      configure(*this);
    }
  } settings;

  caf::actor_system system{settings};
  // By client; only the child writes, one incarnation after another.
  std::vector<int> last(clients, -1);
  std::atomic<int> out_of_order = 0;
  std::atomic<int> handled = 0;
  auto child = [&](caf::event_based_actor*) {
    return caf::behavior{[&](int client, int number) {
      out_of_order += number <= std::exchange(last[client], number);
      ++handled;
      return number;
    }};
  };
  auto supervisor
    = start_supervisor(system, many,
                       {{.id = "a",
                         .start = start_function(child),
                         .while_down = buffer{.capacity = 100'000}}});
  REQUIRE(supervisor);
  auto a = supervisor->child("a");
  std::atomic<int> outcomes = 0;
  std::atomic<int> answers = 0;
  {
    std::vector<std::jthread> threads;
    for (int client = 0; client < clients; ++client)
      threads.emplace_back([&, client] {
        caf::scoped_actor self{system};
        int number = 0;
        for (int i = 0; i < each; ++i) {
          for (int k = 0; k < 10; ++k)
            self->send(a.proxy(system), client, number++);
          a.request(self, caf::infinite, client, number++)
            .receive(
              [&](int) {
                ++answers;
                ++outcomes;
              },
              [&](const caf::error&) { ++outcomes; });
        }
      });
    for (int i = 0; i < 50; ++i) {
      if (i % 2 == 0) {
        CHECK(supervisor->cycle_child("a"));
      } else {
        CHECK(supervisor->terminate_child("a"));
        CHECK(supervisor->restart_child("a"));
      }
    }
  }
  CHECK(outcomes == clients * each);
  CHECK(answers > 0);
  CHECK(supervisor->stop());
  CHECK(out_of_order == 0);
  CHECK(handled >= answers);
}

TEST_CASE("a policy that cannot work is refused", "[while_down]") {
  world w;
  auto one = w.spec("a");
  one.while_down
    = GENERATE(while_down{buffer{.capacity = 0}}, while_down{buffer{.ttl = 0s}},
               while_down{to_dead_letters{}});
  auto check = check_child_specs({&one, 1});
  CHECK(check == spec_check{spec_fault::invalid_while_down, "a"});
}

} // namespace while_down_test
