#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

bool ended_with(world& w, const std::string& id, const caf::error& reason) {
  const auto& end = w.child(id).ends.back();
  return end && *end == reason;
}

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

TEST_CASE("children start in the order of their specs and stop in reverse, "
          "restarts or not",
          "[stop]") {
  world w;
  w.start(many,
          {w.spec("7"), w.spec("3"), w.spec("10"), w.spec("2"), w.spec("5")});
  CHECK(w.journal
        == std::vector<std::string>{"start 7", "start 3", "start 10", "start 2",
                                    "start 5"});
  w.tell("10", die{crash()});
  CHECK(w.which() == "5:running 2:running 10:running 3:running 7:running");
  w.journal.clear();
  w.stop();
  CHECK(
    w.journal
    == std::vector<std::string>{"end 5", "end 2", "end 10", "end 3", "end 7"});
}

TEST_CASE("a worker and a supervisor with shutdown infinity both end with "
          "shutdown",
          "[stop]") {
  world w;
  auto worker = with(w.spec("worker"), {.mode = stop_mode::infinity});
  child_spec tree{.id = "tree",
                  .start = supervise(many, {w.spec("leaf")}),
                  .type = child_type::supervisor};
  w.start(many, {worker, tree});
  CHECK(w.count() == child_counts{2, 2, 1, 1});
  w.stop();
  CHECK(ended_with(w, "worker", shutdown));
  CHECK(ended_with(w, "leaf", shutdown));
  CHECK(*w.supervisor_end == shutdown);
}

TEST_CASE("a child that ignores the request is killed when its time is over",
          "[stop]") {
  world w;
  w.child("c2").deaf = true;
  stop_policy second{.timeout = 1s};
  w.start(many, {with(w.spec("c1"), second), with(w.spec("c2"), second)});
  w.stop();
  w.advance(1s - 1ns);
  CHECK(w.alive("c2"));
  w.advance(1ns);
  CHECK(ended_with(w, "c2", killed));
  CHECK(ended_with(w, "c1", shutdown));
  CHECK(*w.supervisor_end == shutdown);
}

TEST_CASE("brutal_kill kills at once and asks nobody", "[stop]") {
  world w;
  w.start(many,
          {w.spec("c1"), with(w.spec("c2"), {.mode = stop_mode::brutal_kill})});
  w.stop();
  CHECK(ended_with(w, "c1", shutdown));
  CHECK(ended_with(w, "c2", killed));
}

TEST_CASE("a stop request overtakes what waits in the child's mailbox",
          "[stop]") {
  world w;
  w.start(many, {w.spec("a")});
  w.child("a");
  w.order_later(terminate_child{"a"});
  for (int i = 0; i < 50; ++i)
    w.tell_later("a", fail{});
  w.run();
  CHECK(w.statistics().restarts <= 1);
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

TEST_CASE("a reason that is orderly ends a stop without a report", "[stop]") {
  for (const auto& words : {caf::error{}, shutdown, shutdown_reason("bye")}) {
    world w;
    w.child("a").last_words = words;
    w.start(many, {w.spec("a")});
    CHECK(w.order(terminate_child{"a"}).ok());
    CHECK(w.statistics().shutdown_errors == 0);
  }
}

TEST_CASE("children that end by themselves while the supervisor stops cost "
          "nothing and come back not",
          "[stop]") {
  using enum restart_type;
  world w;
  std::vector<child_spec> specs;
  std::vector<std::pair<std::string, caf::error>> crashes;
  for (auto type : {temporary, transient, permanent})
    for (const auto& reason :
         {caf::error{}, shutdown, shutdown_reason("x"), crash()}) {
      auto id = "c" + std::to_string(crashes.size());
      crashes.emplace_back(id, reason);
      specs.push_back(w.spec(id, type));
    }
  w.child("z").deaf = true;
  specs.push_back(with(w.spec("z"), {.timeout = 2s}));
  w.start({.intensity = 0}, specs);
  auto started = w.journal.size();
  w.stop();
  for (auto& [id, reason] : crashes)
    w.tell(id, die{reason});
  CHECK_FALSE(w.supervisor_end);
  w.advance(2s);
  CHECK(*w.supervisor_end == shutdown);
  CHECK(std::ranges::count_if(
          w.journal,
          [](const std::string& line) { return line.starts_with("start"); })
        == static_cast<ptrdiff_t>(started));
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
  CHECK(ended_with(w, "a", killed));
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
  CHECK(ended_with(w, "b", killed));
  CHECK(ended_with(w, "a", killed));
  CHECK(*w.supervisor_end == shutdown);
}

TEST_CASE("exit messages and errors of strangers do not stop a supervisor",
          "[stop]") {
  world w;
  w.start(many, {w.spec("a")});
  auto stranger = w.system.spawn(
    [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  caf::anon_send_exit(w.supervisor, caf::exit_reason::user_shutdown);
  caf::anon_send(w.supervisor, caf::exit_msg{stranger.address(), shutdown});
  caf::anon_send(w.supervisor, caf::make_error(caf::sec::runtime_error));
  caf::anon_send(w.supervisor, caf::down_msg{stranger.address(), crash()});
  caf::anon_send(w.supervisor, 42);
  w.run();
  CHECK(w.which() == "a:running");
  CHECK(w.statistics().stray_messages == 5);
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
