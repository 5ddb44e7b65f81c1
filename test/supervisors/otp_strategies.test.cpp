// Cases of OTP's own test suite about strategies and trees, under their names
// there; README.md lists them.

#include <pyactor/test/supervisors/otp.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <string>
#include <vector>

namespace otp_strategies_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using namespace otp;
using mode = child_control::start_mode;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_strategies]")

namespace {

/// A child whose first start works, and no later one.
void break_later_starts(world& w, const std::string& id) {
  w.child(id).start = mode::refuse;
}

/// Lets so many retries pass.
void retry(world& w, int times) {
  for (int i = 0; i < times; ++i)
    w.advance(10ms);
}

/// Children of which one, when it has crashed, fails in its `init`: at once, or
/// each time 2 s after it was started.
struct hanging_loop : numbered {
  hanging_loop(restart_strategy strategy, int children, std::string id)
    : numbered(flags(strategy, 8), 0), failing(std::move(id)) {
    for (int i = 1; i <= children; ++i) {
      auto one = spec("c" + std::to_string(i));
      one.shutdown = stop_policy{.mode = stop_mode::brutal_kill};
      CHECK(order(pyactor::supervisors::start_child{std::move(one)}).ok());
    }
  }

  /// Crashes it, and lets three starts fail; the next has failed, or begun.
  void begin() {
    child(failing).start = slow ? mode::manual_ack : mode::refuse;
    crash_child(failing);
    for (int i = 0; i < 3; ++i) {
      if (slow) {
        advance(2s);
        child(failing).acks.back()(crash());
      }
      advance(10ms);
    }
  }

  void end() {
    child(failing).start = mode::spawn;
  }

  std::string failing;
  bool slow = GENERATE(false, true);
};

} // namespace

TEST("one_for_one", "a crash is the child's alone, and a third one too many") {
  numbered w{flags(restart_strategy::one_for_one), 2};
  w.crash_child("c1");
  CHECK(w.child("c1").starts == 2);
  CHECK(w.child("c2").starts == 1);
  CHECK(w.count() == child_counts{2, 2, 0, 2});
  w.crash_child("c2");
  CHECK(w.which() == "c2:running c1:running");
  CHECK_FALSE(w.supervisor_end);
  w.crash_child("c2");
  CHECK(w.gave_up());
}

TEST("one_for_one_escalation", "a restart that keeps failing ends all") {
  numbered w{flags(restart_strategy::one_for_one, 4), 2};
  break_later_starts(w, "c1");
  w.crash_child("c1");
  retry(w, 10);
  CHECK(w.child("c1").starts == 5);
  CHECK(w.gave_up());
  CHECK_FALSE(w.alive("c2"));
}

TEST("one_for_all", "a crash is everybody's, and a third one too many") {
  numbered w{flags(restart_strategy::one_for_all), 2};
  w.crash_child("c1");
  CHECK(w.happened() == "end c1, end c2, start c1, start c2");
  CHECK(w.count() == child_counts{2, 2, 0, 2});
  w.crash_child("c2");
  CHECK_FALSE(w.supervisor_end);
  w.crash_child("c1");
  CHECK(w.gave_up());
}

TEST("one_for_all_escalation", "a group that keeps failing ends all") {
  numbered w{flags(restart_strategy::one_for_all, 4), 2};
  break_later_starts(w, "c2");
  w.crash_child("c1");
  retry(w, 10);
  CHECK(w.gave_up());
  CHECK_FALSE(w.alive("c1"));
  CHECK_FALSE(w.alive("c2"));
}

TEST("one_for_all_other_child_fails_restart",
     "a member that fails has all started again") {
  numbered w{flags(restart_strategy::one_for_all), 2};
  w.child("c2").start = mode::manual_ack;
  w.crash_child("c1");
  CHECK(w.happened() == "end c1, end c2, start c1, start c2");
  w.child("c2").start = mode::spawn;
  w.child("c2").acks.back()(crash("stop"));
  w.run();
  CHECK(w.happened() == "end c2");
  CHECK(w.alive("c1"));
  retry(w, 1);
  CHECK(w.happened() == "end c1, start c1, start c2");
  CHECK(w.child("c1").ends[1] == shutdown);
  CHECK(w.which() == "c2:running c1:running");
  w.stop();
  CHECK(w.happened() == "end c2, end c1");
  CHECK(w.supervisor_end == shutdown);
}

TEST("rest_for_one", "a crash is that of the later children, too") {
  numbered w{flags(restart_strategy::rest_for_one), 3};
  w.crash_child("c2");
  CHECK(w.happened() == "end c2, end c3, start c2, start c3");
  CHECK(w.child("c1").starts == 1);
  CHECK(w.count() == child_counts{3, 3, 0, 3});
  w.crash_child("c2");
  CHECK(w.which() == "c3:running c2:running c1:running");
  CHECK_FALSE(w.supervisor_end);
  w.crash_child("c2");
  CHECK(w.gave_up());
}

TEST("rest_for_one_escalation", "a later child that keeps failing ends all") {
  numbered w{flags(restart_strategy::rest_for_one, 4), 2};
  break_later_starts(w, "c2");
  w.crash_child("c1");
  retry(w, 10);
  CHECK(w.gave_up());
  CHECK_FALSE(w.alive("c1"));
}

TEST("rest_for_one_other_child_fails_restart",
     "the next try begins with the member that failed") {
  numbered w{flags(restart_strategy::rest_for_one), 2};
  w.child("c2").start = mode::manual_ack;
  w.crash_child("c1");
  w.child("c2").start = mode::spawn;
  w.child("c2").acks.back()(crash("stop"));
  w.run();
  w.journal.clear();
  retry(w, 1);
  CHECK(w.happened() == "start c2");
  CHECK(w.which() == "c2:running c1:running");
}

TEST("temporary_bystander", "a group takes a temporary child along for good") {
  for (auto strategy :
       {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    otp_world w;
    w.start(flags(strategy),
            {w.spec("c1"), w.spec("c2", restart_type::temporary)});
    w.tell("c1", die{{}});
    w.advance(350ms);
    CHECK_FALSE(w.supervisor_end);
    CHECK(w.which() == "c1:running");
    CHECK_FALSE(w.alive("c2"));
  }
}

TEST("hanging_restart_loop", "orders get in between two failed restarts, and "
                             "in the middle of one") {
  hanging_loop w{restart_strategy::one_for_one, 1, "c1"};
  w.begin();
  CHECK(w.which() == "c1:restarting");
  CHECK(w.count() == child_counts{1, 0, 0, 1});
  CHECK(
    w.order(start_child{w.spec("c1")}).failed_with(sup_errc::already_present));
  CHECK(w.order(restart_child{"c1"}).failed_with(sup_errc::restarting));
  CHECK(w.order(delete_child{"c1"}).failed_with(sup_errc::restarting));
  CHECK(w.order(terminate_child{"c1"}).ok());
  CHECK(w.which() == "c1:stopped");
  w.end();
  CHECK(w.order(restart_child{"c1"}).ok());
  w.begin();
  w.stop();
  CHECK(w.supervisor_end);
}

TEST("hanging_restart_loop_rest_for_one",
     "the later children wait for one that cannot start") {
  hanging_loop w{restart_strategy::rest_for_one, 3, "c2"};
  w.begin();
  CHECK(w.which() == "c3:stopped c2:restarting c1:running");
  CHECK(w.count() == child_counts{3, 1, 0, 3});
  CHECK(
    w.order(start_child{w.spec("c2")}).failed_with(sup_errc::already_present));
  CHECK(w.order(terminate_child{"c2"}).ok());
  CHECK(w.which() == "c3:stopped c2:stopped c1:running");
  w.end();
  CHECK(w.order(restart_child{"c2"}).ok());
  w.begin();
  w.stop();
  CHECK(w.supervisor_end);
}

TEST("order_of_children", "starts follow the list, and stops its reverse") {
  otp_world w;
  w.start(flags(restart_strategy::rest_for_one),
          {w.spec("7"), w.spec("3"), w.spec("10"), w.spec("2"), w.spec("5")});
  CHECK(w.happened() == "start 7, start 3, start 10, start 2, start 5");
  w.tell("10", die{crash()});
  CHECK(w.happened() == "end 10, end 5, end 2, start 10, start 2, start 5");
  w.stop();
  CHECK(w.happened() == "end 5, end 2, end 10, end 3, end 7");
}

namespace {

/// A supervisor of supervisors of one_for_one.
struct three_trees : otp_world {
  three_trees() {
    start(flags(restart_strategy::one_for_all, 4),
          {subtree("sup1", {spec("c1"), spec("c2")}), subtree("sup2", {}),
           subtree("sup3", {}, restart_type::transient)});
  }

  static child_spec subtree(std::string id, std::vector<child_spec> specs,
                            restart_type type = restart_type::permanent) {
    return {.id = std::move(id),
            .start = supervise(flags(restart_strategy::one_for_one, 4),
                               std::move(specs)),
            .restart = type,
            .type = child_type::supervisor};
  }

  void add_to(const std::string& sup, const std::string& id) {
    auto to = ref->child(sup).current().value();
    CHECK(order_to(to, pyactor::supervisors::start_child{spec(id)}).ok());
  }

  size_t children_of(const std::string& sup) {
    auto seen = ask_actor<count_children_reply>(
      ref->child(sup).current().value(), count_children{});
    run();
    return seen->value().counts.specs;
  }
};

} // namespace

TEST("tree", "a subtree that gives up takes the others along, as they were "
             "declared") {
  three_trees w;
  CHECK(w.order(terminate_child{"sup3"}).ok());
  CHECK(w.count() == child_counts{3, 2, 3, 0});
  w.add_to("sup2", "c3");
  w.add_to("sup2", "c4");
  break_later_starts(w, "c3");
  w.journal.clear();
  w.tell("c4", die{crash()});
  CHECK(w.happened() == "end c4, start c4");
  w.tell("c3", die{crash()});
  retry(w, 10); // three tries, and then it is one too many for sup2
  CHECK(w.happened()
        == "end c3, start c3, start c3, start c3, end c4, end c2, end c1, "
           "start c1, start c2");
  CHECK_FALSE(w.supervisor_end);
  CHECK(w.count() == child_counts{3, 3, 3, 0});
  CHECK(w.which() == "sup3:running sup2:running sup1:running");
  CHECK(w.alive("c1"));
  CHECK(w.alive("c2"));
  CHECK(w.children_of("sup1") == 2);
  CHECK(w.children_of("sup2") == 0);
  CHECK(w.children_of("sup3") == 0);
  CHECK(w.statistics().restarts == 1);
}

} // namespace otp_strategies_test
