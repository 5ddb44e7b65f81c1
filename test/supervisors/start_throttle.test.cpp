#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/simple_world.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[start_throttle]")

namespace {

const start_limits one_at_a_time{.max_concurrent_starts = 1};

supervisor_flags flags(start_throttle throttle) {
  return {.intensity = 1000, .period = 1000h, .throttle = std::move(throttle)};
}

/// A supervisor on virtual time that keeps to limits.
struct throttled_world : world {
  explicit throttled_world(const start_limits& limits) : throttle{limits} {
    // nop
  }

  /// Starts the supervisor with children that start at once.
  void begin(std::initializer_list<std::string> ids) {
    std::vector<child_spec> specs;
    for (const auto& id : ids)
      specs.push_back(spec(id));
    start(flags(throttle), std::move(specs));
    happened();
  }

  /// From now on, `id` is ready when `ready` says so.
  void take_time(const std::string& id) {
    child(id).start = mode::manual_ack;
  }

  void ready(const std::string& id) {
    child(id).acks.back()();
    run();
  }

  /// Another supervisor with the same limits.
  supervisor_ref& another(std::vector<child_spec> specs) {
    others.push_back(
      spawn_supervisor(system, flags(throttle), std::move(specs)).value());
    run();
    return others.back();
  }

  start_throttle throttle;
  std::vector<supervisor_ref> others;
};

} // namespace

// -- room ---------------------------------------------------------------------

TEST("no more children start at a time than may, and who waits longest is "
     "next") {
  throttled_world w{{.max_concurrent_starts = 2}};
  w.begin({});
  std::vector<world::pending> orders;
  for (auto id : {"a", "b", "c", "d"}) {
    w.take_time(id);
    orders.push_back(w.order(start_child{w.spec(id)}));
  }
  CHECK(w.happened() == "start a, start b");
  CHECK(w.which() == "d:starting c:starting b:starting a:starting");
  CHECK(w.info("c").throttled);
  CHECK_FALSE(w.info("b").throttled);
  CHECK(w.info("c").starts == 0);
  CHECK(w.count().active == 2);
  CHECK(w.statistics().throttled == 2);
  CHECK(w.throttle.waiting() == 2);
  CHECK(w.throttle.starting() == 2);
  w.ready("b");
  CHECK(w.happened() == "start c");
  w.ready("c");
  CHECK(w.happened() == "start d");
  w.ready("a");
  w.ready("d");
  for (auto& order : orders)
    CHECK(order.ok());
  CHECK(w.throttle.starting() == 0);
}

TEST("restarts that wait are shown as restarting, and begin in the order of "
     "the crashes") {
  throttled_world w{one_at_a_time};
  w.begin({"a", "b", "c"});
  for (auto id : {"a", "b", "c"})
    w.take_time(id);
  for (auto id : {"c", "a", "b"})
    w.tell(id, die{crash()});
  CHECK(w.which() == "c:restarting b:restarting a:restarting");
  CHECK(w.happened() == "end c, start c, end a, end b");
  CHECK(w.count().active == 0);
  w.ready("c");
  CHECK(w.happened() == "start a");
  w.ready("a");
  CHECK(w.happened() == "start b");
  CHECK(w.info("a").restarts == 1);
}

TEST("a start that fails, ends, takes too long or has nothing to start makes "
     "room") {
  throttled_world w{one_at_a_time};
  w.begin({});
  auto how = GENERATE(mode::refuse, mode::raise, mode::throw_init, mode::ignore,
                      mode::manual_ack);
  w.child("a").start = how;
  auto first = w.order_later(start_child{w.spec("a")});
  auto second = w.order_later(start_child{w.spec("b")});
  w.run();
  if (how == mode::manual_ack) {
    CHECK_FALSE(second.answered());
    SECTION("too long") {
      w.child("a").deaf = true;
      w.advance(30s);
    }
    SECTION("ended") {
      w.tell("a", die{crash()});
    }
    SECTION("killed") {
      w.kill("a");
    }
    SECTION("terminated") {
      w.order(terminate_child{"a"});
    }
    SECTION("ready") {
      w.ready("a");
    }
  }
  CHECK(second.ok());
  CHECK(w.throttle.starting() == 0);
}

TEST("the time that a child may take to start begins when it may start") {
  throttled_world w{one_at_a_time};
  w.begin({});
  w.take_time("a");
  w.take_time("b");
  auto slow = w.spec("a");
  slow.start_timeout = forever;
  w.order(start_child{slow});
  auto order = w.order(start_child{w.spec("b")});
  w.advance(1000h);
  CHECK_FALSE(order.answered());
  w.ready("a");
  w.advance(30s - 1ns);
  CHECK_FALSE(order.answered());
  w.advance(1ns);
  CHECK(order.failed_with(sup_errc::start_failed));
}

TEST("a supervisor that is killed gives back what it has and what it waits "
     "for") {
  throttled_world w{one_at_a_time};
  w.begin({});
  w.take_time("a");
  w.order(start_child{w.spec("a")});
  w.order(start_child{w.spec("b")});
  w.another({w.spec("c")});
  CHECK(w.throttle.waiting() == 2);
  w.happened();
  caf::anon_send_exit(w.supervisor, caf::exit_reason::kill);
  w.run();
  CHECK(w.child("b").starts == 0);
  CHECK(w.child("c").starts == 1);
  CHECK(w.throttle.waiting() == 0);
  CHECK(w.throttle.starting() == 0);
}

TEST("supervisors that share limits share one line") {
  throttled_world w{one_at_a_time};
  w.begin({});
  for (auto id : {"a", "b", "c"})
    w.take_time(id);
  w.order(start_child{w.spec("a")});
  w.another({w.spec("b")});
  w.order(start_child{w.spec("c")});
  CHECK(w.happened() == "start a");
  w.ready("a");
  CHECK(w.happened() == "start b");
  w.ready("b");
  CHECK(w.happened() == "start c");
}

// -- rate ---------------------------------------------------------------------

TEST("restarts begin at their rate after a burst") {
  throttled_world w{{.restarts_per_second = 10, .restart_burst = 2}};
  w.begin({"a", "b", "c", "d"});
  for (auto id : {"a", "b", "c", "d"})
    w.tell(id, die{crash()});
  CHECK(w.which() == "d:restarting c:restarting b:running a:running");
  w.advance(100ms - 1ns);
  CHECK(w.info("c").status == child_status::restarting);
  w.advance(1ns);
  CHECK(w.which() == "d:restarting c:running b:running a:running");
  w.advance(100ms);
  CHECK(w.info("d").status == child_status::running);
}

TEST("neither first starts nor orders keep to the rate of restarts") {
  throttled_world w{{.restarts_per_second = 0.001}};
  w.begin({"a", "b", "c"});
  w.tell("a", die{crash()});
  w.tell("b", die{crash()});
  CHECK(w.which() == "c:running b:restarting a:running");
  for (int i = 0; i < 3; ++i)
    CHECK(w.order(cycle_child{"c"}).ok());
  CHECK(w.order(terminate_child{"c"}).ok());
  CHECK(w.order(restart_child{"c"}).ok());
  CHECK(w.order(start_child{w.spec("d")}).ok());
  w.reload(flags(w.throttle), {w.spec("b"), w.spec("e")},
           reload_mode::converge);
  CHECK(w.info("e").status == child_status::running);
  CHECK(w.info("b").status == child_status::restarting);
}

TEST("a backoff comes first, then the rate") {
  throttled_world w{{.restarts_per_second = 1}};
  auto slow = w.spec("a");
  slow.backoff = restart_backoff{.initial = 10s, .jitter = 0};
  w.start(flags(w.throttle), {slow, w.spec("b"), w.spec("c")});
  w.tell("a", die{crash()});
  w.advance(10s - 1ns);
  w.tell("b", die{crash()});
  w.tell("c", die{crash()});
  w.advance(1ns);
  CHECK(w.which() == "c:restarting b:running a:restarting");
  w.advance(1s - 1ns);
  CHECK(w.which() == "c:running b:running a:restarting");
  w.advance(1s);
  CHECK(w.info("a").status == child_status::running);
}

// -- orders meanwhile ---------------------------------------------------------

TEST("a start that waits can be terminated, and leaves the line") {
  throttled_world w{one_at_a_time};
  w.begin({});
  w.take_time("a");
  w.order(start_child{w.spec("a")});
  auto second = w.order(start_child{w.spec("b")});
  auto third = w.order(start_child{w.spec("c")});
  CHECK(w.order(terminate_child{"b"}).ok());
  CHECK(second.failed_with(sup_errc::terminated));
  CHECK(w.info("b").status == child_status::stopped);
  CHECK_FALSE(w.info("b").throttled);
  w.ready("a");
  CHECK(third.ok());
  CHECK(w.child("b").starts == 0);
  CHECK(w.order(restart_child{"b"}).ok());
}

TEST("a restart that waits can be terminated, and nothing starts later") {
  throttled_world w{{.restarts_per_second = 1}};
  w.begin({"a", "b", "c"});
  for (auto id : {"a", "b", "c"})
    w.tell(id, die{crash()});
  CHECK(w.order(terminate_child{"b"}).ok());
  w.advance(1s);
  CHECK(w.which() == "c:running b:stopped a:running");
  CHECK(w.child("b").starts == 1);
}

TEST("a temporary child that is terminated while it waits leaves no spec") {
  throttled_world w{one_at_a_time};
  w.begin({});
  w.take_time("a");
  w.order(start_child{w.spec("a")});
  w.order(start_child{w.spec("b", restart_type::temporary)});
  CHECK(w.order(terminate_child{"b"}).ok());
  CHECK(w.which() == "a:starting");
}

TEST("a start that waits is no wait for a restart") {
  throttled_world w{{.restarts_per_second = 1}};
  w.begin({"a", "b"});
  w.tell("a", die{crash()});
  w.tell("b", die{crash()});
  auto order = w.order(retry_now{"b"});
  CHECK(order.failed_with(sup_errc::not_waiting));
  CHECK(order.error().message == "the child waits for its turn to start");
}

TEST("a child on demand that waits keeps its arguments, and takes its place") {
  simple_world w{{.intensity = 9,
                  .max_children = 2,
                  .throttle = start_throttle{one_at_a_time}}};
  std::vector<int> given;
  auto spec = w.spec("c", restart_type::temporary);
  spec.start
    = [&, start = spec.start](const start_context& context) -> start_result {
    given.push_back(context.arguments().get_as<int>(0));
    return start(context);
  };
  w.begin(spec);
  w.child("c-1").start = mode::manual_ack;
  w.add(caf::make_message(1));
  auto second = w.add(caf::make_message(2));
  CHECK(w.add(caf::make_message(3)).failed_with(sup_errc::max_children));
  CHECK(given == std::vector{1});
  w.child("c-1").acks.back()();
  w.run();
  CHECK(second.ok());
  CHECK(given == std::vector{1, 2});
}

// -- stop ---------------------------------------------------------------------

TEST("a supervisor that stops waits for no turn, and those behind it wait for "
     "none of its own") {
  throttled_world w{{.max_concurrent_starts = 1, .restarts_per_second = 1}};
  w.begin({"a", "b", "z"});
  w.child("z").deaf = true;
  w.order(cycle_child{"z"}); // deaf from now on
  w.advance(10s);
  w.take_time("x");
  w.order(start_child{w.spec("x")});
  auto waiting = w.order(start_child{w.spec("y")});
  w.tell("a", die{crash()});
  w.tell("b", die{crash()});
  w.another({w.spec("o")});
  CHECK(w.child("o").starts == 0);
  w.stop();
  CHECK(waiting.failed_with(sup_errc::shutting_down));
  CHECK_FALSE(w.supervisor_end); // z takes its time
  CHECK(w.alive("o"));
  w.advance(10s);
  CHECK(w.supervisor_end);
  CHECK(w.child("y").starts == 0);
  CHECK(w.child("a").starts == 1);
  CHECK(w.throttle.waiting() == 0);
  CHECK(w.throttle.starting() == 0);
}

TEST("a supervisor can be stopped while its first children wait to start") {
  throttled_world w{one_at_a_time};
  w.take_time("a");
  w.another({w.spec("a")});
  w.begin({"b", "c"});
  CHECK_FALSE(w.started->has_value());
  CHECK(w.which() == "c:stopped b:starting");
  w.stop();
  CHECK(w.supervisor_end);
  CHECK(w.child("b").starts == 0);
  CHECK(w.throttle.waiting() == 0);
}

// -- nested supervisors -------------------------------------------------------

TEST("a supervisor below keeps to the limits of the one above, and takes no "
     "room while its own children start") {
  throttled_world w{one_at_a_time};
  w.take_time("a");
  w.take_time("b");
  child_spec below{.id = "below",
                   .start = supervise({}, {w.spec("a"), w.spec("b")}),
                   .type = child_type::supervisor};
  w.start(flags(w.throttle), {below, w.spec("c")});
  CHECK(w.happened() == "start a");
  CHECK(w.throttle.starting() == 1);
  w.ready("a");
  CHECK(w.happened() == "start b");
  CHECK(w.throttle.starting() == 1);
  w.ready("b");
  CHECK(w.happened() == "start c");
  CHECK(w.started->has_value());
}

TEST("restarts two levels below keep to the rate of the one on top") {
  throttled_world w{{.restarts_per_second = 1}};
  auto nest = [](std::string id, std::vector<child_spec> specs) {
    return child_spec{.id = std::move(id),
                      .start = supervise({.intensity = 9}, std::move(specs)),
                      .type = child_type::supervisor};
  };
  w.start(flags(w.throttle),
          {nest("m", {nest("n", {w.spec("a")})}), w.spec("b")});
  w.tell("b", die{crash()});
  w.tell("a", die{crash()});
  CHECK(w.child("a").starts == 1);
  w.advance(1s);
  CHECK(w.child("a").starts == 2);
}

TEST("a supervisor below with limits of its own keeps to those only") {
  throttled_world w{one_at_a_time};
  w.take_time("a");
  child_spec below{
    .id = "below",
    .start = supervise(flags(start_throttle{{.max_concurrent_starts = 1}}),
                       {w.spec("a")}),
    .type = child_type::supervisor};
  w.start(flags(w.throttle), {below});
  CHECK(w.throttle.starting() == 0);
  CHECK(w.child("a").starts == 1);
}

TEST("a supervisor whose spec says that it is none takes room, but its "
     "children wait for none") {
  throttled_world w{one_at_a_time};
  w.start(flags(w.throttle),
          {{.id = "below", .start = supervise({}, {w.spec("a")})}});
  CHECK(w.child("a").starts == 1);
  CHECK(w.info("below").status == child_status::running);
}

TEST("the restart of a supervisor keeps to the rate") {
  throttled_world w{{.restarts_per_second = 1}};
  child_spec below{.id = "below",
                   .start = supervise({.intensity = 0}, {w.spec("a")}),
                   .type = child_type::supervisor};
  w.start(flags(w.throttle), {below, w.spec("b")});
  w.tell("b", die{crash()});
  w.tell("a", die{crash()});
  CHECK(w.info("below").status == child_status::restarting);
  CHECK(w.info("below").throttled);
  w.advance(1s);
  CHECK(w.info("below").status == child_status::running);
}

// -- groups and reloads -------------------------------------------------------

TEST("each member of a group takes its turn, and the group is stopped while "
     "one waits") {
  throttled_world w{{.restarts_per_second = 1}};
  auto all = flags(w.throttle);
  all.strategy = restart_strategy::one_for_all;
  w.start(all, {w.spec("a"), w.spec("b"), w.spec("c")});
  w.happened();
  w.tell("a", die{crash()});
  CHECK(w.happened() == "end a, end c, end b, start a");
  CHECK(w.which() == "c:stopped b:restarting a:running");
  w.advance(1s);
  CHECK(w.happened() == "start b");
  w.stop();
  CHECK(w.supervisor_end);
  CHECK(w.child("c").starts == 1);
}

TEST("a reload leaves those in line that wait, and drops those that leave") {
  throttled_world w{{.restarts_per_second = 1}};
  w.begin({"a", "b", "c", "d"});
  for (auto id : {"a", "b", "c", "d"})
    w.tell(id, die{crash()});
  auto sooner = w.spec("d");
  sooner.start_timeout = 1ms;
  auto later = w.spec("b");
  later.start_timeout = 1h;
  w.reload(flags(w.throttle), {sooner, w.spec("a"), later},
           reload_mode::converge);
  CHECK(w.which() == "b:restarting a:running d:restarting");
  w.advance(1s);
  CHECK(w.which() == "b:running a:running d:restarting");
  w.advance(1s);
  CHECK(w.which() == "b:running a:running d:running");
}

TEST("a reload changes the limits for starts from then on") {
  throttled_world w{{.restarts_per_second = 1}};
  w.begin({"a", "b"});
  w.tell("a", die{crash()});
  w.tell("b", die{crash()});
  w.reload(flags(start_throttle{start_limits{}}), {w.spec("a"), w.spec("b")},
           reload_mode::otp);
  CHECK(w.info("b").throttled);
  w.tell("a", die{crash()});
  CHECK(w.info("a").status == child_status::running);
  w.advance(1s);
  CHECK(w.info("b").status == child_status::running);
}

// -- the tree -----------------------------------------------------------------

TEST("a tree tells who waits for its turn") {
  throttled_world w{{.restarts_per_second = 1}};
  w.begin({"a", "b"});
  w.tell("a", die{crash()});
  w.tell("b", die{crash()});
  auto seen = w.ask<get_tree_reply>(get_tree{});
  w.run();
  const auto& top = seen->value().result.value();
  CHECK_FALSE(top.children[0].throttled);
  CHECK(top.children[1].throttled);
  CHECK(to_text(top).find("waits for its turn to start") != std::string::npos);
  CHECK(to_json(top).find("\"throttled\":true") != std::string::npos);
}
