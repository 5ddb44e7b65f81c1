#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace reload_meanwhile_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[reload_meanwhile]")

namespace {

using enum reload_mode;
using ids = std::vector<std::string>;

const auto normal = caf::error{};

supervisor_flags many(restart_strategy strategy
                      = restart_strategy::one_for_one) {
  return {.strategy = strategy, .intensity = 100, .period = 1h};
}

const auto all = many(restart_strategy::one_for_all);
const auto rest = many(restart_strategy::rest_for_one);

/// A supervisor with the children a, b and c, of which c does not end when it
/// is asked to.
struct converging : world {
  explicit converging(const supervisor_flags& flags = many()) {
    child("c").deaf = true;
    start(flags, {spec("a"), spec("b"), spec("c")});
    child("c").deaf = false;
    journal.clear();
  }

  /// Begins to replace b and c by x, which does not become ready by itself.
  void begin(const supervisor_flags& flags = many()) {
    child("x").start = mode::manual_ack;
    answer = reload(flags, {spec("a"), spec("x")}, converge);
  }

  /// Lets c end.
  void pass_stops() {
    advance(5s);
  }

  /// Lets x be ready.
  void pass_starts() {
    child("x").acks.back()();
    run();
  }

  bool answered() const {
    return answer->has_value();
  }

  sup_expected<reload_summary> result() const {
    return answer->value().result;
  }

  reload_answer answer;
};

} // namespace

TEST("a reload is answered when the last child is ready") {
  converging w;
  w.begin();
  CHECK(w.which() == "c:stopping b:running x:stopped a:running");
  CHECK_FALSE(w.answered());
  w.pass_stops();
  CHECK(w.happened() == "end c, end b, start x");
  CHECK(w.which() == "x:starting a:running");
  CHECK_FALSE(w.answered());
  w.pass_starts();
  REQUIRE(w.answered());
  CHECK(w.result()->removed == ids{"c", "b"});
  CHECK(w.which() == "x:running a:running");
}

TEST("orders for children that leave or start wait until all is done") {
  converging w;
  w.begin();
  auto restart = w.order(restart_child{"b"});
  auto remove = w.order(delete_child{"x"});
  auto add = w.order(start_child{w.spec("c")});
  auto cycle = w.order(cycle_child{"c"});
  w.pass_stops();
  for (auto& what : {restart, remove, add, cycle})
    CHECK_FALSE(what.answered());
  CHECK(w.which() == "x:starting a:running");
  w.pass_starts();
  CHECK(restart.failed_with(sup_errc::not_found));
  CHECK(remove.failed_with(sup_errc::running));
  CHECK(add.ok());
  CHECK(cycle.ok());
  CHECK(w.child("c").starts == 3);
  CHECK(w.which() == "c:running x:running a:running");
}

TEST("with one_for_one other children are ordered about and restarted as "
     "ever") {
  converging w;
  w.begin();
  CHECK(w.order(cycle_child{"a"}).ok());
  CHECK(w.order(start_child{w.spec("y")}).ok());
  w.tell("a", die{crash()});
  CHECK(w.happened() == "end a, start a, start y, end a, start a");
  CHECK_FALSE(w.answered());
}

TEST("with a group strategy other ends and orders wait until all is done") {
  converging w{all};
  w.begin(all);
  w.tell("a", die{crash()});
  auto cycle = w.order(cycle_child{"a"});
  w.pass_stops();
  w.pass_starts();
  CHECK(w.answered());
  CHECK(w.happened()
        == "end a, end c, end b, start x, end x, start a, start x");
  CHECK_FALSE(cycle.answered());
  w.pass_starts();
  CHECK(cycle.ok());
  CHECK(w.which() == "x:running a:running");
}

TEST("with a group strategy a pause that is over waits until all is done") {
  converging w{rest};
  auto a = w.spec("a");
  a.backoff = restart_backoff{.initial = 1s, .jitter = 0};
  w.reload(rest, {w.spec("c"), a}, otp);
  w.tell("a", die{crash()});
  CHECK(w.which() == "b:stopped a:restarting c:running");
  w.child("x").start = mode::manual_ack;
  w.answer = w.reload(rest, {a, w.spec("x")}, converge);
  w.advance(2s);
  CHECK(w.which() == "c:stopping x:stopped a:restarting");
  w.pass_stops();
  w.journal.clear();
  w.child("x").start = mode::spawn;
  w.pass_starts();
  CHECK(w.answered());
  CHECK(w.happened() == "end x, start a, start x");
  CHECK(w.which() == "x:running a:running");
}

TEST("a child that ends before its turn to be stopped comes to nothing") {
  for (const auto& flags : {many(), all}) {
    converging w{flags};
    w.begin(flags);
    w.tell("b", die{crash()});
    CHECK(w.which() == "c:stopping b:stopped x:stopped a:running");
    w.pass_stops();
    w.pass_starts();
    CHECK(w.answered());
    CHECK(w.statistics().restarts == 0);
    CHECK(w.child("b").starts == 1);
  }
}

TEST("a significant child that leaves ends no supervisor") {
  world w;
  auto s = w.spec("s", restart_type::transient);
  s.significant = true;
  const supervisor_flags any{.auto_shutdown = auto_shutdown::any_significant};
  w.child("deaf").deaf = true;
  w.start(any, {s, w.spec("deaf")});
  auto answer = w.reload(any, {}, converge);
  w.tell("s", die{normal});
  w.advance(5s);
  CHECK(answer->has_value());
  CHECK_FALSE(w.supervisor_end);
  CHECK(w.which().empty());
}

TEST("whoever waits for a child that leaves hears that it was terminated") {
  converging w;
  auto cycle = w.order(cycle_child{"c"});
  w.child("b").start = mode::manual_ack;
  auto start = w.order(cycle_child{"b"});
  CHECK(w.which() == "c:stopping b:starting a:running");
  w.begin();
  w.pass_stops();
  CHECK(cycle.failed_with(sup_errc::terminated));
  CHECK(start.failed_with(sup_errc::terminated));
  w.pass_starts();
  CHECK(w.which() == "x:running a:running");
}

TEST("orders that a child has kept waiting come before a reload that removes "
     "it") {
  converging w;
  auto stop = w.order(terminate_child{"c"});
  auto start = w.order(restart_child{"c"});
  w.begin();
  w.pass_stops();
  CHECK(stop.ok());
  CHECK(start.failed_with(sup_errc::terminated));
  CHECK(w.child("c").starts == 2);
  CHECK(w.which() == "x:starting a:running");
}

TEST("a child that waits for its restart leaves without it") {
  converging w;
  w.child("b").start = mode::refuse;
  w.tell("b", die{crash()});
  w.begin();
  w.pass_stops();
  w.pass_starts();
  w.advance(1h);
  CHECK(w.child("b").starts == 2);
  CHECK(w.which() == "x:running a:running");
}

TEST("a second reload waits for the first") {
  converging w;
  w.begin();
  auto second = w.reload(many(), {w.spec("y")}, otp);
  auto faulty = w.reload(many(), {{}}, otp);
  CHECK(faulty->has_value());
  w.pass_stops();
  CHECK_FALSE(second->has_value());
  w.pass_starts();
  REQUIRE(second->has_value());
  CHECK(second->value().result->kept == ids{"a", "x"});
  CHECK(w.which() == "x:running a:running y:stopped");
}

TEST("a reload waits until the supervisor has started") {
  world w;
  w.child("a").start = mode::manual_ack;
  w.start(many(), {w.spec("a"), w.spec("b")});
  auto answer = w.reload(many(), {w.spec("b")}, converge);
  CHECK_FALSE(answer->has_value());
  w.child("a").acks.back()();
  w.run();
  REQUIRE(answer->has_value());
  CHECK(w.happened() == "start a, start b, end a");
}

TEST("a reload waits until a group is back") {
  converging w{all};
  w.tell("a", die{crash()});
  w.begin();
  CHECK(w.which() == "c:stopping b:running a:restarting");
  w.pass_stops();
  CHECK(w.happened()
        == "end a, end c, end b, start a, start b, start c, end c, end b, "
           "start x");
}

TEST("a stop during a reload is a stop of all") {
  auto starts = GENERATE(false, true);
  converging w;
  w.begin();
  auto waiting = w.order(start_child{w.spec("b")});
  if (starts)
    w.pass_stops();
  w.stop();
  REQUIRE(w.answered());
  CHECK(w.result().error().code == sup_errc::shutting_down);
  CHECK(waiting.failed_with(sup_errc::shutting_down));
  w.pass_stops();
  CHECK(w.supervisor_end);
  for (auto* id : {"a", "b", "c", "x"})
    CHECK_FALSE(w.alive(id));
}

TEST("a reload of a supervisor that stops, or is killed, is refused") {
  converging w;
  w.stop();
  w.begin();
  CHECK(w.result().error().code == sup_errc::shutting_down);
  converging killed;
  killed.begin();
  caf::anon_send_exit(killed.supervisor, caf::exit_reason::kill);
  killed.run();
  CHECK(killed.result().error().code == sup_errc::supervisor_down);
}

TEST("a supervisor that gives up during a reload says so") {
  const supervisor_flags few{.intensity = 0};
  converging w{few};
  w.begin(few);
  w.tell("a", die{crash()});
  CHECK(w.result().error().code == sup_errc::shutting_down);
  w.pass_stops();
  CHECK(w.supervisor_end == caf::make_error(sup_errc::give_up));
}

// -- groups that wait for a restart -------------------------------------------

namespace {

/// A supervisor with the children a, b and c, whose group waits for b.
struct interrupted : world {
  explicit interrupted(const supervisor_flags& flags) {
    start(flags, {spec("a"), spec("b"), spec("c")});
    child("b").start = mode::refuse;
    tell("b", die{crash()});
    advance(5ms);
    journal.clear();
  }
};

} // namespace

TEST("those who came back with a child that leaves come back without it") {
  interrupted w{all};
  CHECK(w.which() == "c:stopped b:restarting a:running");
  auto answer = w.reload(all, {w.spec("a"), w.spec("c")}, converge);
  REQUIRE(answer->has_value());
  CHECK(answer->value().result->added.empty());
  CHECK(w.happened() == "start c");
  CHECK(w.which() == "c:running a:running");
  CHECK(w.info("c").restarts == 1);
}

TEST("those whom a new strategy takes along no more come back by themselves") {
  for (auto how : {otp, converge}) {
    interrupted w{rest};
    auto specs = std::vector{w.spec("a"), w.spec("b"), w.spec("c")};
    CHECK(w.reload(many(), specs, how)->has_value());
    CHECK(w.happened() == "start c");
    CHECK(w.which() == "c:running b:restarting a:running");
  }
}

TEST("those who now start before the child that failed come back without it") {
  interrupted w{rest};
  w.reload(rest, {w.spec("c"), w.spec("b"), w.spec("a")}, otp);
  CHECK(w.happened() == "start c");
  CHECK(w.which() == "a:running b:restarting c:running");
  w.child("b").start = mode::spawn;
  w.advance(5ms);
  CHECK(w.happened() == "end a, start b, start a");
}

TEST("one that comes back without its group, and fails, is tried again") {
  interrupted w{rest};
  w.child("c").start = mode::refuse;
  auto answer = w.reload(many(), {w.spec("a"), w.spec("b"), w.spec("c")}, otp);
  CHECK(answer->value().result->failed.empty());
  CHECK(w.which() == "c:restarting b:restarting a:running");
  CHECK(w.statistics().restarts == 3);
  w.child("c").start = mode::spawn;
  w.advance(10ms);
  CHECK(w.alive("c"));
}

TEST("those who still come back with the child that failed go on waiting") {
  interrupted w{rest};
  w.reload(rest, {w.spec("b"), w.spec("c"), w.spec("a")}, otp);
  CHECK(w.happened().empty());
  CHECK(w.which() == "a:running c:stopped b:restarting");
}

TEST("one that somebody stopped after its group does not come back without "
     "it") {
  interrupted w{all};
  CHECK(w.order(terminate_child{"c"}).ok());
  w.reload(all, {w.spec("a"), w.spec("c")}, converge);
  CHECK(w.which() == "c:stopped a:running");
}

// -- children that a reload has made temporary --------------------------------

TEST("a temporary child that was added and never started ends with its group, "
     "or when it is terminated") {
  world w;
  auto t = w.spec("t", restart_type::temporary);
  w.start(all, {w.spec("a")});
  w.reload(all, {w.spec("a"), t}, otp);
  CHECK(w.which() == "t:stopped a:running");
  SECTION("group") {
    w.tell("a", die{crash()});
  }
  SECTION("order") {
    CHECK(w.order(terminate_child{"t"}).ok());
  }
  CHECK(w.which() == "a:running");
  CHECK(w.child("t").starts == 0);
}

TEST("a restart that was decided comes, also if the child is temporary now") {
  interrupted w{all};
  auto b = w.spec("b", restart_type::temporary);
  w.reload(all, {w.spec("a"), b, w.spec("c")}, otp);
  SECTION("unless a member before it fails") {
    w.child("a").start = mode::refuse;
    w.advance(5ms);
    CHECK(w.which() == "c:stopped a:restarting");
  }
  SECTION("but no other one") {
    w.child("b").start = mode::spawn;
    w.advance(5ms);
    CHECK(w.which() == "c:running b:running a:running");
    w.tell("b", die{crash()});
    CHECK(w.which() == "c:running a:running");
  }
}

} // namespace reload_meanwhile_test
