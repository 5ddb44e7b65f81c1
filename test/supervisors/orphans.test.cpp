#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/test/supervisors/hanging_child.hpp>
#include <pyactor/test/supervisors/probed_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace orphans_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

void kill_supervisor(world& w) {
  caf::anon_send_exit(w.supervisor, caf::exit_reason::kill);
  w.run();
}

/// Starts a supervisor that ends, when "b" does, as if its own code had made
/// it: nothing that it handles does.
void start_mortal(world& w, caf::error reason) {
  auto last = w.spec("b");
  last.classify = [&w, reason](const exit_info& how) {
    auto* self = caf::actor_cast<caf::abstract_actor*>(w.supervisor);
    static_cast<caf::event_based_actor*>(self)->quit(reason);
    return how.cls;
  };
  w.start(many, {w.spec("a"), last});
}

/// @returns `start`, which also notes how each incarnation ends
start_fn noting(start_fn start, std::vector<caf::error>& ends) {
  return [start = std::move(start), &ends](const start_context& context) {
    auto result = start(context);
    std::get<caf::actor>(result)->attach_functor(
      [&ends](const caf::error& reason) { ends.push_back(reason); });
    return result;
  };
}

} // namespace

TEST_CASE("the children of a killed supervisor stop", "[orphans]") {
  world w;
  w.start(many, {w.spec("a"), w.spec("b")});
  kill_supervisor(w);
  CHECK(*w.supervisor_end == caf::exit_reason::kill);
  CHECK(*w.child("a").ends[0] == caf::exit_reason::user_shutdown);
  CHECK(*w.child("b").ends[0] == caf::exit_reason::user_shutdown);
  CHECK(w.child("a").starts == 1);
}

TEST_CASE("an orphan that ignores the request is killed when its time is over",
          "[orphans]") {
  world w;
  w.child("a").deaf = true;
  w.child("b").deaf = true;
  auto hasty = w.spec("b");
  hasty.shutdown = stop_policy{.timeout = 1s};
  w.start(many, {w.spec("a"), hasty});
  kill_supervisor(w);
  w.advance(1s);
  CHECK(w.alive("a"));
  CHECK_FALSE(w.alive("b"));
  w.advance(4s);
  CHECK_FALSE(w.alive("a"));
  CHECK(*w.child("a").ends[0] == caf::exit_reason::kill);
}

TEST_CASE("an orphan gets its time even if nobody else holds it", "[orphans]") {
  world w;
  w.child("a").deaf = true;
  w.child("b").deaf = true;
  auto patient = w.spec("b");
  patient.shutdown = stop_policy{.mode = stop_mode::infinity};
  w.start(many, {w.spec("a"), patient});
  auto dead = w.supervisor;
  w.supervisor = nullptr;
  w.ref.reset();
  caf::anon_send_exit(dead, caf::exit_reason::kill);
  dead = nullptr;
  w.run();
  w.advance(5s - 1ns);
  CHECK(w.alive("a"));
  w.advance(1ns);
  CHECK(*w.child("a").ends[0] == caf::exit_reason::kill);
  w.advance(1h);
  CHECK(w.alive("b"));
  w.tell("b", die{});
  CHECK(*w.child("b").ends[0] == caf::error{});
}

TEST_CASE("an orphan that is to be killed is killed at once", "[orphans]") {
  world w;
  auto spec = w.spec("a");
  spec.shutdown = stop_policy{.mode = stop_mode::brutal_kill};
  w.start(many, {spec});
  kill_supervisor(w);
  CHECK(*w.child("a").ends[0] == caf::exit_reason::kill);
}

TEST_CASE("children that start or stop are orphans, too", "[orphans]") {
  world w;
  w.start(many, {w.spec("a"), w.spec("b")});
  w.child("a").start = mode::manual_ack;
  w.tell("a", die{crash()});
  w.child("b").deaf = true;
  w.order(cycle_child{"b"});
  w.order(terminate_child{"b"});
  CHECK(w.which() == "b:stopping a:restarting");
  kill_supervisor(w);
  CHECK_FALSE(w.alive("a"));
  w.advance(5s);
  CHECK_FALSE(w.alive("b"));
}

TEST_CASE("a supervisor that dies of an error of its own leaves no orphan",
          "[orphans]") {
  world w;
  start_mortal(w, caf::sec::runtime_error);
  w.tell("b", die{crash()});
  CHECK(*w.supervisor_end == caf::sec::runtime_error);
  CHECK_FALSE(w.alive("a"));
}

TEST_CASE("a supervisor that dies with reason normal leaves no orphan",
          "[orphans]") {
  world w;
  start_mortal(w, {});
  w.tell("b", die{crash()});
  CHECK(*w.supervisor_end == caf::error{});
  CHECK_FALSE(w.alive("a"));
}

TEST_CASE("killing the root of a tree stops the leaves, in each subtree in "
          "order",
          "[orphans]") {
  world w;
  child_spec inner{.id = "inner",
                   .start = supervise(many, {w.spec("a"), w.spec("b")}),
                   .type = child_type::supervisor};
  child_spec middle{.id = "middle",
                    .start = supervise(many, {inner}),
                    .type = child_type::supervisor};
  w.start(many, {middle});
  REQUIRE(w.alive("a"));
  w.journal.clear();
  kill_supervisor(w);
  CHECK(w.journal == std::vector<std::string>{"end b", "end a"});
}

TEST_CASE("a child supervisor ends with the reason that its parent ended with, "
          "and those below it were told to stop",
          "[orphans]") {
  world w;
  std::vector<caf::error> inner_ends;
  std::vector<caf::error> middle_ends;
  child_spec inner{.id = "inner",
                   .start = noting(supervise(many, {w.spec("a")}), inner_ends),
                   .type = child_type::supervisor};
  child_spec middle{.id = "middle",
                    .start = noting(supervise(many, {inner}), middle_ends),
                    .type = child_type::supervisor};
  w.start(many, {middle});
  kill_supervisor(w);
  CHECK(middle_ends == std::vector{caf::make_error(caf::exit_reason::kill)});
  CHECK(inner_ends
        == std::vector{caf::make_error(caf::exit_reason::user_shutdown)});
  CHECK(*w.child("a").ends[0] == caf::exit_reason::user_shutdown);
}

TEST_CASE("a forced stop reaches all levels of a tree", "[orphans]") {
  world w;
  w.child("a").deaf = true;
  w.child("b").deaf = true;
  auto patient = [&](const char* id) {
    auto result = w.spec(id);
    result.shutdown = stop_policy{.mode = stop_mode::infinity};
    return result;
  };
  child_spec inner{.id = "inner",
                   .start = supervise(many, {patient("a"), patient("b")}),
                   .type = child_type::supervisor};
  child_spec middle{.id = "middle",
                    .start = supervise(many, {inner}),
                    .type = child_type::supervisor};
  w.start(many, {middle});
  w.stop();
  w.advance(1h);
  REQUIRE(w.alive("a"));
  REQUIRE(w.alive("b"));
  w.stop(stop_supervisor::forced);
  CHECK(w.ended_with("a", caf::exit_reason::kill));
  CHECK(w.ended_with("b", caf::exit_reason::kill));
  CHECK(w.supervisor_end);
  CHECK_FALSE(w.has_timer());
}

TEST_CASE("orphans of a supervisor whose stop was forced are killed at once",
          "[orphans]") {
  world w;
  w.child("a").deaf = true;
  w.child("b").deaf = true;
  auto patient = w.spec("a");
  patient.shutdown = stop_policy{.mode = stop_mode::infinity};
  // It is told to force the stop of its own, which means nothing to it.
  auto no_supervisor = w.spec("b");
  no_supervisor.type = child_type::supervisor;
  w.start(many, {patient, no_supervisor});
  w.stop(stop_supervisor::forced);
  REQUIRE(w.alive("b"));
  REQUIRE(w.alive("a")); // its turn has not come
  kill_supervisor(w);
  CHECK(w.ended_with("a", caf::exit_reason::kill));
  w.advance(1s);
  CHECK(w.ended_with("b", caf::exit_reason::kill));
  CHECK_FALSE(w.has_timer());
}

TEST_CASE("a child supervisor is started again with its own children",
          "[orphans]") {
  world w;
  child_spec inner{.id = "inner",
                   .start = supervise({.intensity = 0}, {w.spec("a")}),
                   .restart = restart_type::transient,
                   .type = child_type::supervisor};
  w.start(many, {inner});
  w.tell("a", die{crash()});
  CHECK(w.which() == "inner:running");
  CHECK(w.info("inner").last_exit->kind == exit_kind::give_up);
  CHECK(w.child("a").starts == 2);
  CHECK(w.alive("a"));
}

TEST_CASE("with OTP's rules a transient subtree that gave up stays away",
          "[orphans]") {
  world w;
  child_spec inner{.id = "inner",
                   .start = supervise({.intensity = 0}, {w.spec("a")}),
                   .restart = restart_type::transient,
                   .type = child_type::supervisor};
  auto flags = many;
  flags.exits.give_up_is_failure = false;
  w.start(flags, {inner});
  w.tell("a", die{crash()});
  CHECK(w.which() == "inner:stopped");
}

TEST_CASE("nested limits multiply: intensity 2 in 2 makes nine lives",
          "[orphans]") {
  world w;
  child_spec inner{.id = "inner",
                   .start
                   = supervise({.intensity = 2, .period = 1h}, {w.spec("a")}),
                   .type = child_type::supervisor};
  w.start({.intensity = 2, .period = 1h}, {inner});
  while (!w.supervisor_end)
    w.tell("a", die{crash()});
  CHECK(w.child("a").starts == 9);
}

TEST_CASE("a child supervisor that cannot start fails with the text of its "
          "child",
          "[orphans]") {
  world w;
  w.child("a").start = mode::throw_init;
  w.start(many, {{.id = "inner",
                  .start = supervise(many, {w.spec("a")}),
                  .type = child_type::supervisor}});
  auto error = w.ref->start_failure().value();
  CHECK(error.id == "inner");
  CHECK(error.message == "'a': init raised");
}

TEST_CASE("a child supervisor that still starts when its parent stops is asked "
          "to, and undoes in reverse order what it has started",
          "[orphans]") {
  std::vector<caf::error> ends; // of the child supervisor
  world w;
  child_spec inner{.id = "inner",
                   .start = noting(supervise({.intensity = 0},
                                             {w.spec("a"), w.spec("b"),
                                              w.spec("slow"), w.spec("last")}),
                                   ends),
                   .type = child_type::supervisor};
  auto hold_start_back = [&] {
    w.child("b").deaf = true;
    w.child("slow").start = mode::manual_ack;
  };
  std::optional<world::pending> starter;
  auto lives = 1;
  SECTION("as a part of the parent's own start") {
    hold_start_back();
    w.start(many, {w.spec("first"), inner, w.spec("last")});
    CHECK(w.which() == "last:stopped inner:starting first:running");
  }
  SECTION("on somebody's order") {
    hold_start_back();
    w.start(many, {w.spec("first")});
    starter = w.order(start_child{inner});
    CHECK(w.which() == "inner:starting first:running");
  }
  SECTION("once more, after it gave up") {
    w.start(many, {w.spec("first"), inner});
    hold_start_back();
    w.tell("a", die{crash()});
    CHECK(w.which() == "inner:restarting first:running");
    lives = 2;
  }
  auto last_starts = w.child("last").starts;
  w.journal.clear();
  w.stop();
  CHECK(w.journal == std::vector<std::string>{"end slow"});
  CHECK(w.info("inner").status == child_status::stopping);
  CHECK(w.statistics().kills == 0);
  CHECK_FALSE(w.supervisor_end);
  w.advance(5s);
  CHECK(w.journal
        == std::vector<std::string>{"end slow", "end b", "end a", "end first"});
  CHECK(std::ssize(ends) == lives);
  CHECK(ends.back() == caf::exit_reason::user_shutdown);
  REQUIRE(w.supervisor_end);
  CHECK(*w.supervisor_end == caf::exit_reason::user_shutdown);
  CHECK(w.child("last").starts == last_starts);
  CHECK((!starter || starter->failed_with(sup_errc::shutting_down)));
}

TEST_CASE("an orphan that does not end although it is killed is given up, and "
          "nothing waits for it",
          "[orphans]") {
  probed_world w;
  w.start(many, {w.spec("a")});
  w.tell("a", get_stuck{});
  kill_supervisor(w);
  w.advance(7s - 1ns); // the default policy: 5 s, and twice 1 s
  CHECK(w.has_timer());
  w.advance(1ns);
  CHECK_FALSE(w.has_timer());
  CHECK(w.alive("a"));
  caf::anon_send(w.gate, open_gate{});
  w.run();
  CHECK(*w.child("a").ends[0] == caf::exit_reason::kill);
}

TEST_CASE("the call of an orphan is interrupted, the orphan killed, and its "
          "context given up, each at its time",
          "[orphans]") {
  world w;
  auto calls = std::make_shared<hanging_calls>(
    w.system.spawn(silent_until_open), hanging_calls::effect::none);
  w.clients.push_back(calls->gate);
  caf::actor child;
  std::optional<caf::error> end;
  auto start = [&](const start_context& context) -> start_result {
    context.may_interrupt(calls);
    child = context.spawn([&, ack = context.ack()](caf::event_based_actor* me) {
      me->attach_functor([&](const caf::error& reason) { end = reason; });
      return acknowledge(me, ack, [&] { return hanging_child(me, calls); });
    });
    return child;
  };
  w.start(many, {{.id = "a", .start = start}});
  caf::anon_send(std::exchange(child, nullptr), get_stuck{});
  w.run();
  kill_supervisor(w);
  w.advance(5s - 1ns);
  CHECK(calls->done() == "");
  w.advance(1ns);
  CHECK(calls->done() == "interrupt ");
  w.advance(1s); // with the kill
  CHECK(calls->done() == "interrupt ");
  w.advance(1s - 1ns);
  CHECK(calls->done() == "");
  w.advance(1ns);
  CHECK(calls->done() == "give up ");
  REQUIRE(end);
  CHECK(pyactor::runtime::is_error(*end, pyactor::errc::abandoned));
  CHECK_FALSE(w.has_timer());
}

} // namespace orphans_test
