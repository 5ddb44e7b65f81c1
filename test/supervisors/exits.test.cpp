#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <optional>

namespace exits_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

/// One child of this type that ends with `reason`.
struct exit_case {
  exit_case(restart_type type, caf::error reason) {
    w.start(many, {w.spec("c", type)});
    w.tell("c", die{std::move(reason)});
  }

  world w;
};

std::string join(const std::vector<std::string>& lines) {
  std::string result;
  for (const auto& line : lines)
    result += (result.empty() ? "" : ", ") + line;
  return result;
}

} // namespace

TEST_CASE("killing a child from outside is a crash", "[exits]") {
  world w;
  w.start(many, {w.spec("c", restart_type::transient)});
  w.kill("c");
  CHECK(w.child("c").starts == 2);
  CHECK(w.info("c").last_exit->kind == exit_kind::killed);
  CHECK(w.info("c").restarts == 1);
}

TEST_CASE("an exception that leaves a handler is a crash with its reason",
          "[exits]") {
  world w;
  w.start(many, {w.spec("c", restart_type::transient)});
  w.tell("c", fail{});
  CHECK(w.child("c").starts == 2);
  auto last = *w.info("c").last_exit;
  CHECK(last.kind == exit_kind::error);
  CHECK(last.cls == exit_class::abnormal);
  CHECK(last.message == "thrown");
  CHECK(last.incarnation == 1);
}

TEST_CASE("one_for_one leaves the siblings of a crashed child alone",
          "[exits]") {
  world w;
  w.start(many, {w.spec("a"), w.spec("b"), w.spec("c")});
  w.tell("b", die{crash()});
  CHECK(w.child("a").starts == 1);
  CHECK(w.child("b").starts == 2);
  CHECK(w.child("c").starts == 1);
  CHECK(w.which() == "c:running b:running a:running");
}

TEST_CASE("two simultaneous crashes cost two restarts", "[exits]") {
  world w;
  w.start(many, {w.spec("a"), w.spec("b")});
  w.tell_later("a", die{crash()});
  w.tell_later("b", die{crash()});
  w.run();
  CHECK(w.statistics().restarts == 2);
}

TEST_CASE("one restart too many stops the rest in reverse order and gives up",
          "[exits]") {
  world w;
  w.start({.intensity = 2, .period = 5s},
          {w.spec("a"), w.spec("b"), w.spec("c"), w.spec("d")});
  w.journal.clear();
  for (int i = 0; i < 3; ++i)
    w.tell("b", die{crash("poison")});
  CHECK(join(w.journal)
        == "end b, start b, end b, start b, end b, end d, end c, end a");
  REQUIRE(w.supervisor_end);
  CHECK(*w.supervisor_end == caf::make_error(sup_errc::give_up));
  CHECK(
    to_string(describe_exit(*w.supervisor_end, 0, {}, w.system)).find("poison")
    != std::string::npos);
  CHECK(w.events.back().what == supervision_event::kind::give_up);
  CHECK(w.events.back().id == "b");
}

TEST_CASE("with intensity 0 the first crash is fatal and nothing is tried",
          "[exits]") {
  world w;
  w.start({.intensity = 0}, {w.spec("a")});
  w.tell("a", die{crash()});
  CHECK(w.child("a").starts == 1);
  CHECK(w.supervisor_end.has_value());
}

TEST_CASE("a crash exactly one period after another counts, a later one not",
          "[exits]") {
  for (auto [pause, survives] :
       {std::pair{5s + 0ns, false}, std::pair{5s + 1ns, true}}) {
    world w;
    w.start({.intensity = 1, .period = 5s}, {w.spec("a")});
    w.tell("a", die{crash()});
    w.advance(pause);
    w.tell("a", die{crash()});
    CHECK(w.supervisor_end.has_value() != survives);
  }
}

TEST_CASE("a worker that always fails lives intensity + 1 times", "[exits]") {
  for (uint32_t intensity : {0u, 1u, 4u}) {
    world w;
    w.start({.intensity = intensity, .period = 1h}, {w.spec("a")});
    while (!w.supervisor_end)
      w.tell("a", die{crash()});
    CHECK(w.child("a").starts == static_cast<int>(intensity) + 1);
  }
}

TEST_CASE("a restart that fails to start counts and is tried again after a "
          "pause",
          "[exits]") {
  for (auto broken : {mode::refuse, mode::raise, mode::throw_init}) {
    world w;
    w.start({.intensity = 3, .period = 1h, .min_retry_delay = 10ms},
            {w.spec("a"), w.spec("b")});
    w.child("b").start = broken;
    w.tell("b", die{crash()});
    CHECK(w.child("b").starts == 2);
    CHECK(w.which() == "b:restarting a:running");
    CHECK(w.count() == child_counts{2, 1, 0, 2});
    w.advance(9ms);
    CHECK(w.child("b").starts == 2);
    w.advance(1ms);
    CHECK(w.child("b").starts == 3);
    w.child("b").start = mode::spawn;
    w.advance(10ms);
    CHECK(w.child("b").starts == 4);
    CHECK(w.which() == "b:running a:running");
    CHECK(w.statistics().restarts == 3);
  }
}

TEST_CASE("restarts that always fail to start end in giving up", "[exits]") {
  world w;
  w.start({.intensity = 4, .period = 1h}, {w.spec("a"), w.spec("b")});
  w.child("b").start = mode::throw_init;
  w.tell("b", die{crash()});
  for (int i = 0; i < 10; ++i)
    w.advance(10ms);
  CHECK(w.child("b").starts == 5);
  REQUIRE(w.supervisor_end);
  CHECK(*w.supervisor_end == caf::make_error(sup_errc::give_up));
  CHECK_FALSE(w.alive("a"));
}

TEST_CASE("a restart that is never acknowledged is killed in time, counted and "
          "tried again",
          "[exits]") {
  world w;
  w.start(many, {w.spec("a")});
  w.child("a").start = mode::manual_ack;
  w.tell("a", die{crash()});
  w.advance(30s - 1ns);
  CHECK(w.alive("a"));
  w.child("a").start = mode::spawn;
  w.advance(1ns);
  CHECK(w.which() == "a:restarting");
  CHECK(w.info("a").last_exit->kind == exit_kind::start_timeout);
  w.advance(10ms);
  CHECK(w.which() == "a:running");
  CHECK(w.statistics().restarts == 2);
}

TEST_CASE("a restart that has nothing to start is over, and no failure",
          "[exits]") {
  auto nothing_to_start = GENERATE(mode::ignore, mode::decline);
  world w;
  w.start(many, {w.spec("a")});
  w.child("a").start = nothing_to_start;
  w.tell("a", die{crash()});
  w.advance(1h);
  CHECK(w.child("a").starts == 2);
  CHECK(w.which() == "a:stopped");
  CHECK(w.statistics().restarts == 1);
  CHECK(w.statistics().kills == 0);
  CHECK(w.statistics().shutdown_errors == 0);
  w.child("a").start = mode::spawn;
  CHECK(w.order(restart_child{"a"}).value() == 3);
}

TEST_CASE("a child that says that it has nothing to do is stopped once it has "
          "ended",
          "[exits]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.child("a").deaf = true;
  w.start(many, {w.spec("a"), w.spec("b")});
  w.child("a").acks[0](start_ignored{});
  w.run();
  CHECK(w.info("a").status == child_status::stopping);
  CHECK(w.child("b").starts == 0);
  w.child("a").acks[0](); // too late
  w.run();
  CHECK(w.info("a").status == child_status::stopping);
  w.advance(5s); // deaf: it has to be killed
  CHECK(w.which() == "b:running a:stopped");
  CHECK(w.statistics().kills == 1);
  w.child("a").acks[0](start_ignored{});
  w.run();
  CHECK(w.statistics().stale_events == 1);
}

TEST_CASE("a stop that meets a child that has nothing to do finds no error",
          "[exits]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.child("a").last_words = caf::error{}; // normal
  w.child("a").farewell = 1s;
  w.start(many, {});
  auto started = w.order(start_child{w.spec("a")});
  w.child("a").acks[0](start_ignored{});
  w.run();
  SECTION("of a caller") {
    auto stopped = w.order(terminate_child{"a"});
    w.advance(1s);
    CHECK(stopped.ok());
    CHECK(started.failed_with(sup_errc::terminated));
    CHECK(w.which() == "a:stopped");
    CHECK(w.statistics().shutdown_errors == 0);
  }
  SECTION("of the supervisor") {
    w.stop();
    w.advance(1s);
    CHECK(started.failed_with(sup_errc::shutting_down));
    CHECK(w.supervisor_end);
  }
  for (const auto& event : w.events)
    CHECK(event.what != supervision_event::kind::shutdown_error);
}

TEST_CASE("the last exit of a child that has nothing to do is that of its last "
          "incarnation that ran",
          "[exits]") {
  auto nothing_to_start = GENERATE(mode::ignore, mode::decline);
  world w;
  w.start(many, {w.spec("a")});
  w.child("a").start = nothing_to_start;
  w.tell("a", die{crash()});
  CHECK(w.which() == "a:stopped");
  CHECK(w.info("a").last_exit->kind == exit_kind::error);
  CHECK(w.info("a").last_exit->incarnation == 1);
}

TEST_CASE("a constructor that throws start_ignored has nothing to start",
          "[exits]") {
  struct idle : caf::event_based_actor {
    explicit idle(caf::actor_config& config) : event_based_actor(config) {
      throw start_ignored{};
    }
  };

  world w;
  w.start(many, {{.id = "a", .start = start_class<idle>()}});
  CHECK(w.which() == "a:stopped");
}

TEST_CASE("an initialization that has nothing to do and then fails to end in "
          "order says so",
          "[exits]") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.child("a").last_words = crash();
  w.start(many, {w.spec("a")});
  w.child("a").acks[0](start_ignored{});
  w.run();
  CHECK(w.which() == "a:stopped");
  CHECK(w.statistics().shutdown_errors == 1);
}

TEST_CASE("nothing of the old incarnation is held when the new one starts",
          "[exits]") {
  world w;
  auto spec = w.spec("a");
  auto held = 0;
  spec.start = [&, start = spec.start](const start_context& context) {
    for (const auto& old : w.child("a").handles)
      held += caf::actor_cast<caf::actor>(old) != nullptr;
    return start(context);
  };
  w.start(many, {spec});
  for (int i = 0; i < 3; ++i)
    w.tell("a", die{crash()});
  CHECK(w.child("a").starts == 4);
  CHECK(held == 0);
}

TEST_CASE("every restart leads to a new incarnation, and no number comes twice",
          "[exits]") {
  world w;
  w.start(many, {w.spec("a"), w.spec("b")});
  CHECK(w.info("a").incarnation == 1);
  CHECK(w.info("b").incarnation == 2);
  w.tell("a", die{crash()});
  CHECK(w.info("a").incarnation == 3);
  w.order(terminate_child{"b"});
  w.order(delete_child{"b"});
  CHECK(w.order(start_child{w.spec("b")}).value() == 4);
}

TEST_CASE("the events of a crash tell how long the child was away", "[exits]") {
  world w;
  w.start(many, {w.spec("a")});
  w.child("a").start = mode::manual_ack;
  w.tell("a", die{crash("why")});
  w.advance(3ms);
  w.child("a").acks.back()();
  w.run();
  using enum supervision_event::kind;
  REQUIRE(w.events.size() == 5);
  CHECK(w.events[0].what == starting);
  CHECK(w.events[1].what == started);
  CHECK(w.events[2].what == exited);
  CHECK(w.events[2].exit->message == "why");
  CHECK(w.events[3].what == starting);
  CHECK(w.events[3].incarnation == 2);
  CHECK(w.events[4].what == restarted);
  CHECK(w.events[4].incarnation == 2);
  CHECK(w.events[4].latency == 3ms);
}

TEST_CASE("a child that became unreachable has failed", "[exits]") {
  exit_case x{restart_type::transient, caf::exit_reason::unreachable};
  CHECK(x.w.child("c").starts == 2);
  CHECK(x.w.info("c").last_exit->kind == exit_kind::unreachable);
}

TEST_CASE("an exit has a message where its kind does not say all", "[exits]") {
  world w;
  auto line = [&](const caf::error& why) {
    return to_string(describe_exit(why, 1, {}, w.system));
  };
  CHECK(line(caf::exit_reason::kill) == "killed");
  CHECK(line(caf::exit_reason::user_shutdown) == "shutdown");
  CHECK(line(shutdown_reason("by its parent")) == "shutdown: by its parent");
  CHECK(line(caf::exit_reason::out_of_workers).find("out_of_workers")
        != std::string::npos);
}

TEST_CASE("an order gets in between two tries that no pause is between",
          "[exits]") {
  world w;
  auto tries = 0;
  std::optional<world::pending> order;
  auto child = w.spec("a");
  child.start = [&, start = child.start](const start_context& context) {
    if (++tries == 10)
      order = w.order_later(terminate_child{"a"});
    return start(context);
  };
  w.start({.intensity = 1'000, .period = 1h, .min_retry_delay = 0ns}, {child});
  w.child("a").start = child_control::start_mode::refuse;
  w.tell("a", die{crash()});
  w.advance(0ns);
  REQUIRE(order);
  CHECK(order->ok());
  CHECK(tries < 20);
  CHECK(w.which() == "a:stopped");
}

} // namespace exits_test
