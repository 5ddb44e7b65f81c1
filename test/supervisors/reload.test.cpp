#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace reload_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[reload]")

namespace {

using enum reload_mode;
using ids = std::vector<std::string>;

const auto many = supervisor_flags{.intensity = 100, .period = 1h};

/// A supervisor with the children a, b and c.
struct three : world {
  explicit three(const supervisor_flags& flags = many) {
    start(flags, {spec("a"), spec("b"), spec("c")});
    journal.clear();
  }

  sup_expected<reload_summary> change(std::vector<child_spec> specs,
                                      reload_mode how = converge,
                                      const supervisor_flags& flags = many) {
    return reload(flags, std::move(specs), how)->value().result;
  }

  /// All that can be seen of it.
  std::string snapshot() {
    auto tree = ask<get_tree_reply>(get_tree{});
    run();
    auto result = to_json(tree->value().result.value());
    for (const auto& info : children()) {
      auto spec = ask<get_child_spec_reply>(get_child_spec{info.id});
      run();
      const auto& seen = spec->value().result.value();
      auto add = [&](auto number) { result += ' ' + std::to_string(number); };
      add(info.consecutive_failures);
      add(info.next_start_in.value_or(-1ns).count());
      add(static_cast<int>(seen.restart));
      add(static_cast<int>(seen.type));
      add(static_cast<int>(seen.shutdown->mode));
      add(seen.shutdown->timeout.count());
      add(seen.start_timeout->count());
      add(seen.significant);
      add(seen.backoff ? seen.backoff->initial.count() : 0);
      add(seen.limit ? seen.limit->intensity : 0);
      add(seen.max_handler_time.count());
      add(seen.while_down.index());
      add(seen.liveness.has_value());
    }
    return result;
  }
};

} // namespace

TEST("a converge stops what is gone, newest first, and starts what is new, in "
     "list order") {
  three w;
  auto answer = w.change({w.spec("x"), w.spec("b"), w.spec("y")});
  REQUIRE(answer);
  CHECK(answer->added == ids{"x", "y"});
  CHECK(answer->changed.empty());
  CHECK(answer->removed == ids{"c", "a"});
  CHECK(answer->kept.empty());
  CHECK(answer->failed.empty());
  CHECK(w.happened() == "end c, end a, start x, start y");
  CHECK(w.which() == "y:running b:running x:running");
  CHECK(w.child("b").starts == 1);
  w.stop();
  CHECK(w.happened() == "end y, end b, end x");
}

TEST("a child that a converge removes is as if it had never been") {
  three w;
  REQUIRE(w.change({w.spec("a"), w.spec("b")}));
  CHECK(w.ref->child("c").status() == child_status::unknown);
  CHECK(w.order(restart_child{"c"}).failed_with(sup_errc::not_found));
  auto again = w.order(start_child{w.spec("c")});
  REQUIRE(again.ok());
  CHECK(again.value() == 4);
}

TEST("a reload with the same list does nothing") {
  three w;
  for (auto how : {otp, converge}) {
    auto before = w.snapshot();
    auto answer = w.change({w.spec("a"), w.spec("b"), w.spec("c")}, how);
    REQUIRE(answer);
    CHECK(answer->added.empty());
    CHECK(answer->changed.empty());
    CHECK(answer->removed.empty());
    CHECK(answer->kept.empty());
    CHECK(w.snapshot() == before);
    CHECK(w.happened().empty());
  }
}

TEST("what is stopped in both lists stays stopped") {
  three w;
  CHECK(w.order(terminate_child{"b"}).ok());
  REQUIRE(w.change({w.spec("a"), w.spec("b")}));
  CHECK(w.which() == "b:stopped a:running");
}

TEST("a reload with a fault names it, and changes nothing") {
  three w;
  w.child("b").start = mode::refuse;
  w.tell("b", die{crash()});
  auto before = w.snapshot();
  // What would show, or be felt below, had it come about.
  auto changed = w.spec("a", restart_type::temporary);
  changed.shutdown = stop_policy{.mode = stop_mode::brutal_kill};
  changed.start_timeout = 1s;
  changed.backoff = restart_backoff{};
  changed.limit = restart_limit{1, 1s};
  changed.max_handler_time = 1s;
  changed.while_down = buffer{};
  const supervisor_flags others{.strategy = restart_strategy::one_for_all,
                                .intensity = 0,
                                .period = 1s,
                                .min_retry_delay = 1h};
  auto significant = w.spec("c", restart_type::transient);
  significant.significant = true;

  struct row {
    supervisor_flags flags;
    child_spec second;
    const char* id;
    spec_fault fault;
  };

  const row table[] = {
    {others, {.id = "x"}, "x", spec_fault::missing_start},
    {others, {.start = changed.start}, "", spec_fault::missing_id},
    {others, w.spec("a"), "a", spec_fault::duplicate_id},
    {others, significant, "c", spec_fault::bad_combination},
  };
  for (auto how : {otp, converge}) {
    for (const auto& [flags, second, id, fault] : table) {
      auto answer = w.change({changed, second}, how, flags);
      REQUIRE_FALSE(answer);
      CHECK(answer.error().code == sup_errc::invalid_spec);
      CHECK(answer.error().id == id);
      CHECK(answer.error().message == to_string(fault));
      CHECK(w.snapshot() == before);
    }
    auto faulty = others;
    faulty.period = 0s;
    auto answer = w.change({changed}, how, faulty);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message == "period must be positive");
    CHECK(w.snapshot() == before);
  }
  w.child("b").start = mode::spawn;
  w.advance(10ms);
  CHECK(w.which() == "c:running b:running a:running");
}

TEST("a new start function is for the next start") {
  three w;
  auto begun = 0;
  auto other = w.spec("a");
  other.start = [&](const start_context&) -> start_result {
    ++begun;
    return start_ignored{};
  };
  for (auto how : {otp, converge}) {
    w.journal.clear();
    REQUIRE(w.change({other, w.spec("b"), w.spec("c")}, how));
    CHECK(w.happened().empty());
  }
  CHECK(begun == 0);
  w.tell("a", die{crash()});
  CHECK(begun == 1);
  CHECK(w.which() == "c:running b:running a:stopped");
}

TEST("a new restart type is for the next end") {
  three w;
  REQUIRE(w.change({w.spec("a", restart_type::transient),
                    w.spec("b", restart_type::temporary), w.spec("c")}));
  CHECK(w.happened().empty());
  w.tell("a", die{{}});
  w.tell("b", die{crash()});
  CHECK(w.which() == "c:running a:stopped");
}

TEST("a new strategy is for the next restart") {
  three w;
  auto flags = many;
  flags.strategy = restart_strategy::one_for_all;
  REQUIRE(w.change({w.spec("b"), w.spec("a")}, otp, flags));
  w.tell("a", die{crash()});
  CHECK(w.happened() == "end a, end c, end b, start b, start a, start c");
}

TEST("a new stream gets what happens from then on, and the old one no more") {
  three w;
  event_stream other;
  auto flags = many;
  flags.events = other;
  w.events.clear();
  REQUIRE(w.change({w.spec("a"), w.spec("b"), w.spec("x")}, converge, flags));
  auto first = other.next(0s);
  REQUIRE(first);
  CHECK(to_string(*first) == "starting 'x' #4");
  CHECK(w.events.empty());
}

TEST("restarts before a reload count after it") {
  three w;
  w.tell("a", die{crash()});
  w.tell("b", die{crash()});
  CHECK(w.statistics().window_used == 2);
  REQUIRE(w.change({w.spec("a"), w.spec("b"), w.spec("c")}, otp,
                   {.intensity = 2, .period = 1h}));
  CHECK_FALSE(w.supervisor_end);
  w.tell("c", die{crash()});
  CHECK(w.supervisor_end == caf::make_error(sup_errc::give_up));
}

TEST("a shorter period forgets at once, and a longer one brings nothing back") {
  three w;
  w.tell("a", die{crash()});
  w.advance(2s);
  auto with = [&](std::chrono::nanoseconds period) {
    REQUIRE(w.change({w.spec("a")}, otp, {.intensity = 1, .period = period}));
    return w.statistics().window_used;
  };
  CHECK(with(2s) == 1);
  CHECK(with(1999ms) == 0);
  CHECK(with(1h) == 0);
}

TEST("a child's own restarts count against its new limits") {
  three w;
  w.tell("a", die{crash()});
  w.tell("a", die{crash()});
  auto a = w.spec("a");
  a.max_total_restarts = 3;
  REQUIRE(w.change({a, w.spec("b"), w.spec("c")}));
  w.tell("a", die{crash()});
  CHECK(w.alive("a"));
  w.tell("a", die{crash()});
  CHECK(w.which() == "c:running b:running a:stopped");
  CHECK(w.info("a").given_up);
}

TEST("a start that is under way gets the new start_timeout") {
  world w;
  w.start(many, {});
  auto slow = w.spec("slow");
  slow.start_timeout = 10s;
  w.child("slow").start = mode::manual_ack;
  w.order_later(start_child{slow});
  w.run();
  w.advance(8s);
  slow.start_timeout = 20s;
  auto answer = w.reload(many, {slow}, otp);
  CHECK(answer->value().result->changed == ids{"slow"});
  w.advance(11s);
  CHECK(w.which() == "slow:starting");
  SECTION("from the beginning of the start") {
    w.advance(1s);
    CHECK(w.which().empty());
  }
  SECTION("which may be for ever") {
    slow.start_timeout = forever;
    w.reload(many, {slow}, otp);
    w.advance(1000h);
    CHECK(w.which() == "slow:starting");
    slow.start_timeout = 1s;
    w.reload(many, {slow}, otp);
    w.advance(1s);
    CHECK(w.which().empty());
  }
}

TEST("a stop that is under way gets the new times") {
  world w;
  w.child("a").deaf = true;
  auto a = w.spec("a");
  a.shutdown = stop_policy{.mode = stop_mode::infinity};
  w.start(many, {a});
  auto stop = w.order(terminate_child{"a"});
  w.advance(1h);
  CHECK(w.alive("a"));
  SECTION("which may be none at all") {
    a.shutdown = stop_policy{.mode = stop_mode::brutal_kill};
    w.reload(many, {a}, otp);
    w.advance(0s);
  }
  SECTION("which may end") {
    a.shutdown = stop_policy{.timeout = 3s};
    w.reload(many, {a}, otp);
    w.advance(3s);
  }
  CHECK_FALSE(w.alive("a"));
  CHECK(stop.ok());
}

TEST("a pause before a restart stays as it is, whatever becomes of the order") {
  three w;
  auto a = w.spec("a");
  a.backoff = restart_backoff{.initial = 10s, .jitter = 0};
  REQUIRE(w.change({a, w.spec("b"), w.spec("c")}));
  w.tell("a", die{crash()});
  w.advance(4s);
  a.backoff->initial = 1s;
  REQUIRE(w.change({w.spec("c"), w.spec("b"), a}));
  w.advance(5999ms);
  CHECK(w.which() == "a:restarting b:running c:running");
  w.advance(1ms);
  CHECK(w.which() == "a:running b:running c:running");
  CHECK(w.child("a").starts == 2);
}

TEST("a new child that cannot start stays stopped, and is named") {
  three w;
  w.child("x").start = mode::refuse;
  auto answer = w.change({w.spec("x"), w.spec("a"), w.spec("y")});
  REQUIRE(answer);
  CHECK(answer->added == ids{"x", "y"});
  REQUIRE(answer->failed.size() == 1);
  CHECK(answer->failed[0].code == sup_errc::start_failed);
  CHECK(answer->failed[0].id == "x");
  CHECK(answer->failed[0].message == "refused");
  CHECK(w.which() == "y:running a:running x:stopped");
  w.advance(1h);
  CHECK(w.child("x").starts == 1);
  CHECK(w.statistics().restarts == 0);
  w.child("x").start = mode::spawn;
  CHECK(w.order(restart_child{"x"}).ok());
}

TEST("a new temporary child that cannot start, or need not, leaves no spec") {
  three w;
  w.child("x").start = mode::throw_init;
  w.child("y").start = GENERATE(mode::ignore, mode::decline);
  auto answer = w.change({w.spec("x", restart_type::temporary),
                          w.spec("y", restart_type::temporary), w.spec("a")});
  REQUIRE(answer);
  REQUIRE(answer->failed.size() == 1);
  CHECK(answer->failed[0].id == "x");
  CHECK(w.which() == "a:running");
}

TEST("a nested supervisor that is restarted begins with its first list") {
  world w;
  w.start(many, {{.id = "inner",
                  .start = supervise({}, {w.spec("a")}),
                  .type = child_type::supervisor}});
  auto outer = w.supervisor;
  w.supervisor = w.ref->child("inner").current().value();
  auto answer = w.reload({}, {w.spec("b")}, converge);
  CHECK(answer->value().result->removed == ids{"a"});
  CHECK(w.which() == "b:running");
  w.supervisor = outer;
  w.journal.clear();
  CHECK(w.order(cycle_child{"inner"}).ok());
  CHECK(w.happened() == "end b, start a");
}

} // namespace reload_test
