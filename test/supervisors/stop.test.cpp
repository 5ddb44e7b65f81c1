#include <pyactor/test/supervisors/captured_log.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch_test_macros.hpp>

#include <memory>

namespace stop_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

const auto shutdown = caf::make_error(caf::exit_reason::user_shutdown);
const auto killed = caf::make_error(caf::exit_reason::kill);

child_spec with(child_spec spec, stop_policy policy) {
  spec.shutdown = policy;
  return spec;
}

} // namespace

TEST_CASE("children stop one after another, newest first", "[stop]") {
  world w;
  w.child("b").deaf = true;
  w.start(many, {w.spec("a"), w.spec("b"), w.spec("c")});
  w.journal.clear();
  w.stop();
  CHECK(w.journal == std::vector<std::string>{"end c"});
  w.advance(5s);
  CHECK(w.journal == std::vector<std::string>{"end c", "end b", "end a"});
  CHECK(*w.supervisor_end == shutdown);
}

TEST_CASE("a stop request overtakes what waits in the child's mailbox",
          "[stop]") {
  world w;
  auto handled = std::make_shared<int>(0);
  auto count = [handled](caf::event_based_actor*) -> caf::behavior {
    return {[handled](int) { ++*handled; }};
  };
  w.start(many, {{.id = "a", .start = start_function(count)}});
  auto child = w.ref->child("a").current().value();
  std::optional<caf::error> end;
  child->attach_functor([&](const caf::error& reason) { end = reason; });
  caf::anon_send(child, 1);
  w.run();
  CHECK(*handled == 1);
  for (int i = 0; i < 50; ++i)
    caf::anon_send(child, 1);
  caf::anon_send(w.supervisor, terminate_child{"a"});
  // The supervisor's turn comes first, so that all of them wait.
  auto& scheduler
    = dynamic_cast<caf::scheduler::test_coordinator&>(w.system.scheduler());
  REQUIRE(scheduler.prioritize(w.supervisor));
  REQUIRE(scheduler.try_run_once());
  CHECK_FALSE(end);
  w.run();
  CHECK(end == shutdown);
  CHECK(*handled == 1);
  CHECK(w.which() == "a:stopped");
}

TEST_CASE("a stopping child that ends otherwise is reported, and has stopped",
          "[stop]") {
  world w;
  w.child("a").last_words = crash("could not flush");
  w.start(many, {w.spec("a")});
  CHECK(w.order(terminate_child{"a"}).ok());
  CHECK(w.which() == "a:stopped");
  CHECK(w.statistics().shutdown_errors == 1);
  CHECK(w.events.back().what == supervision_event::kind::shutdown_error);
  CHECK(w.events.back().exit->message == "could not flush");
  CHECK(w.child("a").starts == 1);
}

TEST_CASE("a child that ends as it was asked to ends a stop without a report",
          "[stop]") {
  for (const auto& words : {shutdown, shutdown_reason("bye")}) {
    world w;
    w.child("a").last_words = words;
    w.start(many, {w.spec("a")});
    CHECK(w.order(terminate_child{"a"}).ok());
    CHECK(w.statistics().shutdown_errors == 0);
  }
  world w;
  w.child("a").last_words = caf::error{}; // normal: not what was asked for
  w.start(many, {w.spec("a")});
  CHECK(w.order(terminate_child{"a"}).ok());
  CHECK(w.statistics().shutdown_errors == 1);
}

TEST_CASE("a stopping child that somebody else kills is reported", "[stop]") {
  world w;
  w.child("a").deaf = true;
  w.start(many, {w.spec("a")});
  auto done = w.order(terminate_child{"a"});
  CHECK_FALSE(done.answered());
  SECTION("somebody else") {
    w.kill("a");
    CHECK(w.statistics().shutdown_errors == 1);
  }
  SECTION("its supervisor") {
    w.advance(10s);
    CHECK(w.statistics().shutdown_errors == 0);
    CHECK(w.statistics().kills == 1);
  }
  CHECK(done.ok());
}

TEST_CASE("stopping does not wait for a pending restart", "[stop]") {
  world w;
  auto flags = many;
  flags.min_retry_delay = 1h;
  w.start(flags, {w.spec("a"), w.spec("b")});
  w.child("b").start = mode::throw_init;
  w.tell("b", die{crash()});
  w.tell("b", die{crash()});
  CHECK(w.which() == "b:restarting a:running");
  w.stop();
  CHECK(*w.supervisor_end == shutdown);
  CHECK(w.child("b").starts == 2);
}

TEST_CASE("while a newer child stops, no older one is started", "[stop]") {
  world w;
  auto flags = many;
  flags.min_retry_delay = 1s;
  w.start(flags, {w.spec("cycled"), w.spec("pausing"), w.spec("slow")});
  w.child("cycled").deaf = true;
  w.child("slow").deaf = true;
  // Makes them deaf.
  CHECK(w.order(cycle_child{"slow"}).ok());
  CHECK(w.order(cycle_child{"cycled"}).ok());
  w.child("pausing").start = mode::throw_init;
  w.tell("pausing", die{crash()});
  auto order = w.order(cycle_child{"cycled"});
  w.stop();
  auto starts = w.child("cycled").starts + w.child("pausing").starts;
  w.kill("cycled");
  w.advance(2s);
  CHECK_FALSE(w.supervisor_end);
  CHECK(order.failed_with(sup_errc::shutting_down));
  CHECK(w.child("cycled").starts + w.child("pausing").starts == starts);
  w.advance(3s);
  CHECK(*w.supervisor_end == shutdown);
}

TEST_CASE("stopping kills a restart that has not been acknowledged", "[stop]") {
  world w;
  w.start(many, {w.spec("a")});
  w.child("a").start = mode::manual_ack;
  w.tell("a", die{crash()});
  w.stop();
  CHECK(w.ended_with("a", killed));
  CHECK(*w.supervisor_end == shutdown);
}

TEST_CASE("a second stop joins the first", "[stop]") {
  world w;
  w.child("a").deaf = true;
  w.start(many, {w.spec("a")});
  w.stop();
  w.stop();
  w.advance(5s);
  CHECK(*w.supervisor_end == shutdown);
  CHECK(w.child("a").ends.size() == 1);
}

TEST_CASE("a stop without limit is reported every 10 s, and can be forced",
          "[stop]") {
  world w;
  w.child("a").deaf = true;
  w.child("b").deaf = true;
  w.start(many, {with(w.spec("a"), {.mode = stop_mode::infinity}),
                 with(w.spec("b"), {.mode = stop_mode::infinity})});
  w.events.clear();
  w.stop();
  for (int i = 1; i <= 3; ++i) {
    w.advance(10s);
    REQUIRE(w.events.size() == static_cast<size_t>(i));
    CHECK(w.events.back().what == supervision_event::kind::stop_stalled);
    CHECK(w.events.back().id == "b");
  }
  CHECK(w.alive("b"));
  w.stop(stop_supervisor::forced);
  CHECK(w.ended_with("b", killed));
  CHECK(w.ended_with("a", killed));
  CHECK(*w.supervisor_end == shutdown);
}

TEST_CASE("a child that calls itself a supervisor is killed when it has not "
          "forced its own stop in time",
          "[stop]") {
  world w;
  w.child("a").deaf = true;
  auto spec = w.spec("a");
  spec.type = child_type::supervisor;
  w.start(many, {spec});
  w.stop();
  w.stop(stop_supervisor::forced);
  w.advance(1s - 1ns);
  CHECK(w.alive("a"));
  w.advance(1ns);
  CHECK(w.ended_with("a", killed));
  CHECK(*w.supervisor_end == shutdown);
}

TEST_CASE("a supervisor whose parent is gone before its first step stops",
          "[stop]") {
  world w;
  auto parent = w.system.spawn(
    [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  w.run();
  caf::anon_send_exit(parent, caf::exit_reason::kill);
  w.run();
  auto ref = spawn_supervisor(w.system, many, {w.spec("a")}, parent);
  REQUIRE(ref);
  std::optional<caf::error> end;
  ref->handle()->attach_functor([&](const caf::error& why) { end = why; });
  parent = nullptr;
  w.run();
  CHECK(end == shutdown);
  CHECK(static_cast<size_t>(w.child("a").starts) == w.child("a").ends.size());
}

TEST_CASE("exit messages and errors of strangers do not stop a supervisor, and "
          "the log has the former",
          "[stop]") {
  world w;
  w.start(many, {w.spec("a")});
  auto stranger = w.system.spawn(
    [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  captured_log log{spdlog::level::warn};
  caf::anon_send_exit(w.supervisor, caf::exit_reason::user_shutdown);
  caf::anon_send(w.supervisor, caf::exit_msg{stranger.address(), shutdown});
  caf::anon_send(w.supervisor, caf::make_error(caf::sec::runtime_error));
  caf::anon_send(w.supervisor, caf::down_msg{stranger.address(), crash()});
  caf::anon_send(w.supervisor, 42);
  w.run();
  CHECK(w.which() == "a:running");
  CHECK(w.statistics().stray_messages == 5);
  auto lines = log.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with("is ignored: only its parent and stop() stop it"));
  CHECK(lines[1]
        == "warning supervisor " + std::to_string(w.supervisor->id())
             + ": an exit message of " + to_string(stranger.address())
             + " is ignored: only its parent and stop() stop it");
  caf::anon_send_exit(stranger, caf::exit_reason::kill);
  w.run();
}

TEST_CASE("a supervisor whose last handle is gone stops its children in order",
          "[stop]") {
  world w;
  w.child("b").deaf = true;
  // No timer holds the supervisor while it waits.
  w.start(many, {w.spec("a"), with(w.spec("b"), {.timeout = forever})});
  w.advance(30s);
  w.journal.clear();
  w.supervisor = nullptr;
  w.ref.reset();
  w.run();
  CHECK(w.journal.empty());
  CHECK_FALSE(w.supervisor_end);
  w.tell("b", die{});
  CHECK(w.journal == std::vector<std::string>{"end b", "end a"});
  CHECK(*w.supervisor_end == shutdown);
}

TEST_CASE("a supervisor that has ended holds nothing of its specs", "[stop]") {
  world w;
  auto captured = std::make_shared<int>();
  auto spec = w.spec("a");
  spec.start = [captured, start = spec.start](const start_context& context) {
    return start(context);
  };
  w.start(many, {spec});
  spec = {};
  w.stop();
  CHECK(w.supervisor_end.has_value());
  CHECK(captured.use_count() == 1);
}

TEST_CASE(
  "when the parent of a supervisor ends, the supervisor stops in order, "
  "whatever the reason",
  "[stop]") {
  for (const auto& reason : {caf::error{}, shutdown, crash()}) {
    world w;
    auto parent = w.system.spawn([](caf::event_based_actor* self) {
      return caf::behavior{
        [self](const die& what) { self->quit(what.reason); }};
    });
    auto ref
      = spawn_supervisor(w.system, many, {w.spec("a"), w.spec("b")}, parent);
    std::optional<caf::error> end;
    ref->handle()->attach_functor([&](const caf::error& why) { end = why; });
    w.run();
    w.journal.clear();
    caf::anon_send(parent, die{reason});
    w.run();
    CHECK(w.journal == std::vector<std::string>{"end b", "end a"});
    REQUIRE(end);
    CHECK(*end == reason);
    w.supervisor = ref->handle();
  }
}

TEST_CASE("a child that survives its kill is abandoned, and the stop goes on",
          "[stop]") {
  // A handler that never returns cannot be had on one thread. An actor that
  // awaits a response is as unkillable: CAF hands it nothing else meanwhile.
  world w;
  auto silent = w.system.spawn(silent_until_open);
  std::vector<caf::actor> hung; // somebody else's handles: a thread's, say
  auto start = [silent, &hung](const start_context& context) {
    hung.push_back(context.spawn(
      [silent, ack = context.ack()](caf::event_based_actor* self) {
        self->request(silent, caf::infinite, 1).await([](int) {});
        ack(self->context());
        return caf::behavior{[](int) {}};
      }));
    return hung.back();
  };
  w.start(many, {w.spec("a"), {.id = "hung", .start = start}});
  auto done = w.order(terminate_child{"hung"});
  w.advance(5s);
  w.advance(1s);
  CHECK(w.which() == "hung:stopping a:running");
  CHECK_FALSE(done.answered());
  w.advance(1s);
  CHECK(done.ok());
  CHECK(w.which() == "hung:stopped a:running");
  CHECK(w.info("hung").last_exit->kind == exit_kind::abandoned);
  auto seen = w.statistics();
  CHECK(seen.abandons == 1);
  REQUIRE(seen.zombies.size() == 1);
  CHECK(seen.zombies[0].id == "hung");

  SECTION("when it ends after all, it is a zombie no more and nothing else") {
    caf::anon_send(silent, open_gate{});
    w.run();
    CHECK(w.statistics().zombies.empty());
    CHECK(w.statistics().stale_events == 0);
    CHECK(w.which() == "hung:stopped a:running");
  }
  SECTION("its id can be started anew meanwhile") {
    CHECK(w.order(restart_child{"hung"}).ok());
    CHECK(w.which() == "hung:running a:running");
  }
  caf::anon_send(silent, open_gate{});
  w.run();
  caf::anon_send_exit(silent, caf::exit_reason::kill);
  w.run();
}

TEST_CASE(
  "an abandoned start that becomes ready after all stays lost, and dies",
  "[stop]") {
  world w;
  auto silent = w.system.spawn(silent_until_open);
  init_ack late;
  caf::actor hung;
  auto start = [silent, &late, &hung](const start_context& context) {
    late = context.ack();
    hung = context.spawn([silent](caf::event_based_actor* self) {
      self->request(silent, caf::infinite, 1)
        .await([](int) {}, [](caf::error&) {});
      return caf::behavior{[](int) {}};
    });
    return hung;
  };
  w.start(many, {});
  auto done = w.order(start_child{{.id = "hung", .start = start}});
  w.advance(30s);
  w.advance(1s);
  w.advance(1s);
  CHECK(done.failed_with(sup_errc::start_failed));
  CHECK(done.error().reason->kind == exit_kind::start_timeout);
  CHECK(w.which().empty());
  late();
  w.run();
  CHECK(w.statistics().stale_events == 1);
  CHECK(w.statistics().zombies.size() == 1);
  caf::anon_send(silent, open_gate{});
  w.run();
  CHECK(w.statistics().zombies.empty());
  caf::anon_send_exit(silent, caf::exit_reason::kill);
  w.run();
}

} // namespace stop_test
