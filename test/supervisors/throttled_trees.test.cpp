#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/simple_world.hpp>
#include <pyactor/test/supervisors/throttled_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace throttled_trees_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[throttled_trees]")

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

// -- without limits -----------------------------------------------------------

TEST("without a throttle, or with one that does not limit it, any number of "
     "children may be starting at a time") {
  throttled_world w{{.max_concurrent_starts = std::nullopt}};
  w.start(GENERATE(true, false) ? flags(w.throttle) : flags({}), {});
  for (auto id : {"a", "b", "c", "d", "e"}) {
    w.take_time(id);
    w.order(start_child{w.spec(id)});
    CHECK(w.child(id).starts == 1);
  }
}

TEST("a reload that takes the throttle away leaves no limits") {
  throttled_world w{one_at_a_time};
  w.begin({});
  w.reload(flags({}), {}, reload_mode::converge);
  for (auto id : {"a", "b"}) {
    w.take_time(id);
    w.order(start_child{w.spec(id)});
    CHECK(w.child(id).starts == 1);
  }
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

} // namespace throttled_trees_test
