#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

namespace start_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

bool started(const world& w) {
  return w.started->has_value() && w.started->value().result.has_value();
}

sup_error start_error(const world& w) {
  return w.ref->start_failure().value();
}

} // namespace

TEST_CASE("children start one after another, each once the last is ready",
          "[start]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.child("b").start = mode::manual_ack;
  w.start({}, {w.spec("a"), w.spec("b")});
  CHECK(w.journal == std::vector<std::string>{"start a"});
  CHECK(w.which() == "b:stopped a:starting");
  CHECK_FALSE(started(w));
  w.child("a").acks[0]();
  w.run();
  CHECK(w.journal == std::vector<std::string>{"start a", "start b"});
  CHECK_FALSE(started(w));
  w.child("b").acks[0]();
  w.run();
  CHECK(started(w));
}

TEST_CASE("a child that cannot start undoes the others in reverse order",
          "[start]") {
  struct row {
    mode how;
    const char* text;
  };

  for (auto [how, text] :
       {row{mode::refuse, "refused"}, row{mode::raise, "start function raised"},
        row{mode::throw_init, "init raised"}}) {
    world w;
    w.child("c").start = how;
    w.start({}, {w.spec("a"), w.spec("b"), w.spec("c"), w.spec("d")});
    auto error = start_error(w);
    CHECK(error.code == sup_errc::failed_to_start_child);
    CHECK(error.id == "c");
    CHECK(error.message == text);
    CHECK(error.reason->kind == exit_kind::start_failed);
    CHECK(w.child("d").starts == 0);
    auto end = w.journal.size();
    CHECK(w.journal[end - 2] == "end b");
    CHECK(w.journal[end - 1] == "end a");
    REQUIRE(w.supervisor_end);
    CHECK(*w.supervisor_end == sup_errc::failed_to_start_child);
    CHECK(w.system.render(*w.supervisor_end)
          == "failed_to_start_child: 'c': " + std::string{text});
  }
}

TEST_CASE("an error that a child reports fails its start, and the child is "
          "made to end",
          "[start]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.start({}, {w.spec("a")});
  w.child("a").acks[0](crash("Traceback\n  ValueError: no model"));
  w.run();
  CHECK_FALSE(w.alive("a"));
  CHECK(start_error(w).message == "Traceback\n  ValueError: no model");
  CHECK(start_error(w).cause == caf::sec::runtime_error);
}

TEST_CASE("a child that ends before it is ready has failed to start, even with "
          "reason normal",
          "[start]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.start({}, {w.spec("a", restart_type::transient)});
  w.tell("a", die{});
  CHECK(start_error(w).code == sup_errc::failed_to_start_child);
  CHECK(start_error(w).message == "ended before it was ready");
  CHECK(w.child("a").starts == 1);
}

TEST_CASE("a child that is never ready is killed and fails the start",
          "[start]") {
  world w;
  w.child("b").start = mode::manual_ack;
  auto spec = w.spec("b");
  spec.start_timeout = 3s;
  w.start({}, {w.spec("a"), spec});
  w.advance(3s - 1ns);
  CHECK(w.alive("b"));
  CHECK_FALSE(w.started->has_value());
  w.advance(1ns);
  CHECK_FALSE(w.alive("b"));
  CHECK_FALSE(w.alive("a"));
  CHECK(start_error(w).reason->kind == exit_kind::start_timeout);
}

TEST_CASE("a child may take for ever to start if its spec says so", "[start]") {
  world w;
  w.child("a").start = mode::manual_ack;
  auto spec = w.spec("a");
  spec.start_timeout = forever;
  w.start({}, {spec});
  w.advance(24h);
  CHECK(w.alive("a"));
  w.child("a").acks[0]();
  w.run();
  CHECK(started(w));
}

TEST_CASE("a supervisor that is told to stop while it starts kills the start "
          "and undoes the rest",
          "[start]") {
  world w;
  w.child("b").start = mode::manual_ack;
  w.start({}, {w.spec("a"), w.spec("b"), w.spec("c")});
  w.journal.clear();
  w.stop();
  CHECK(w.journal == std::vector<std::string>{"end b", "end a"});
  CHECK(start_error(w).code == sup_errc::shutting_down);
  CHECK(*w.supervisor_end == caf::exit_reason::user_shutdown);
}

TEST_CASE("a second acknowledgement is dropped and counted", "[start]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.start({}, {w.spec("a")});
  w.child("a").acks[0]();
  w.child("a").acks[0]();
  w.child("a").acks[0](crash());
  w.run();
  CHECK(w.which() == "a:running");
  CHECK(w.statistics().stale_events == 2);
}

TEST_CASE("an acknowledgement after the end does not bring a child back",
          "[start]") {
  world w;
  w.start({.intensity = 9}, {w.spec("a", restart_type::transient)});
  w.tell("a", die{});
  w.child("a").acks[0]();
  w.run();
  CHECK(w.which() == "a:stopped");
  CHECK(w.statistics().stale_events == 1);
}

TEST_CASE("an acknowledgement of an old incarnation does not make the new one "
          "ready",
          "[start]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.start({.intensity = 9}, {w.spec("a")});
  w.child("a").acks[0]();
  w.run();
  w.tell("a", die{crash()});
  w.child("a").acks[0]();
  w.run();
  CHECK(w.which() == "a:restarting");
  CHECK(w.statistics().stale_events == 1);
  w.child("a").acks[1]();
  w.run();
  CHECK(w.which() == "a:running");
}

TEST_CASE("an acknowledgement that comes after the supervisor is gone is "
          "harmless",
          "[start]") {
  world w;
  w.start({}, {w.spec("a")});
  w.stop();
  w.child("a").acks[0]();
  w.child("a").acks[0](crash());
  w.run();
  CHECK(w.supervisor_end.has_value());
}

TEST_CASE("a start function that returns a dead actor has failed with its "
          "reason",
          "[start]") {
  world w;
  auto corpse = w.system.spawn(
    [](caf::event_based_actor* self) { self->quit(crash("stillborn")); });
  w.run();
  w.start({},
          {{.id = "a", .start = [&](const start_context&) { return corpse; }}});
  CHECK(start_error(w).message == "stillborn");
  CHECK(start_error(w).reason->kind == exit_kind::start_failed);
}

TEST_CASE("an actor that has a supervisor already is not adopted", "[start]") {
  world w;
  w.start({}, {w.spec("a")});
  auto taken = w.last_handle("a");
  auto steal = [taken](const start_context& context) {
    context.ack()();
    return taken;
  };
  auto here = w.order(start_child{{.id = "b", .start = steal}});
  CHECK(here.failed_with(sup_errc::already_started));
  CHECK(w.which() == "a:running");

  auto other = spawn_supervisor(w.system, {}, {{.id = "b", .start = steal}});
  REQUIRE(other);
  w.run();
  REQUIRE(other->start_failure());
  CHECK(other->start_failure()->cause == sup_errc::already_started);
  CHECK(other->stop());
  CHECK(w.alive("a"));
  CHECK(w.which() == "a:running");
}

TEST_CASE("orders that come while the supervisor starts wait until it has",
          "[start]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.start({}, {w.spec("a")});
  auto early = w.order(start_child{w.spec("b")});
  auto stop_it = w.order(terminate_child{"a"});
  CHECK_FALSE(early.answered());
  CHECK_FALSE(stop_it.answered());
  CHECK(w.which() == "a:starting");
  w.child("a").acks[0]();
  w.run();
  CHECK(early.ok());
  CHECK(stop_it.ok());
  CHECK(w.which() == "b:running a:stopped");
}

TEST_CASE("a sibling that crashes during the start is restarted meanwhile",
          "[start]") {
  world w;
  w.child("b").start = mode::manual_ack;
  w.start({.intensity = 1}, {w.spec("a"), w.spec("b")});
  w.tell("a", die{crash()});
  CHECK(w.child("a").starts == 2);
  CHECK_FALSE(w.started->has_value());
  w.tell("a", die{crash()});
  CHECK(start_error(w).code == sup_errc::give_up);
  CHECK_FALSE(w.alive("b"));
}

TEST_CASE("each incarnation starts with the arguments that the spec was made "
          "with",
          "[start]") {
  world w;
  auto seen = std::make_shared<std::vector<size_t>>();
  auto child = [seen](caf::event_based_actor* self,
                      std::vector<int> argument) -> caf::behavior {
    seen->push_back(argument.size());
    argument.push_back(1);
    return {[self](const die& what) { self->quit(what.reason); }};
  };
  w.start({.intensity = 9},
          {{.id = "a", .start = start_function(child, std::vector<int>{})}});
  for (int i = 0; i < 3; ++i) {
    auto handle = w.ref->child("a").current();
    REQUIRE(handle);
    caf::anon_send(*handle, die{crash()});
    w.run();
  }
  CHECK(*seen == std::vector<size_t>{0, 0, 0, 0});
}

namespace {

class class_child : public caf::event_based_actor {
public:
  class_child(caf::actor_config& config, int answer)
    : caf::event_based_actor(config), answer_(answer) {
    // nop
  }

  caf::behavior make_behavior() override {
    if (answer_ < 0)
      throw std::invalid_argument{"negative answer"};
    return {[this](who_are_you) { return incarnation_id(answer_); }};
  }

private:
  int answer_;
};

} // namespace

TEST_CASE("a class-based actor is ready once its make_behavior has returned",
          "[start]") {
  world w;
  w.start({}, {{.id = "good", .start = start_class<class_child>(42)}});
  CHECK(started(w));
  auto bad = w.order(
    start_child{{.id = "bad", .start = start_class<class_child>(-1)}});
  CHECK(bad.failed_with(sup_errc::start_failed));
  CHECK(bad.error().message == "negative answer");
}

TEST_CASE("started_on_spawn takes a child for ready at once", "[start]") {
  world w;
  auto spawn = [](const start_context& context) {
    return context.spawn(
      [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  };
  w.start({}, {{.id = "a", .start = started_on_spawn(spawn)}});
  CHECK(started(w));
  CHECK(w.which() == "a:running");
}

} // namespace start_test
