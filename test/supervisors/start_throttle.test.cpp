#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/simple_world.hpp>
#include <pyactor/test/supervisors/throttled_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace start_throttle_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[start_throttle]")

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
                      mode::decline, mode::manual_ack);
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

} // namespace start_throttle_test
