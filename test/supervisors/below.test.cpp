// Supervisors that are children, asked and ordered through the topmost one.

#include <pyactor/test/supervisors/outcome.hpp>
#include <pyactor/test/supervisors/tree_world.hpp>

#include <catch2/catch_test_macros.hpp>

namespace below_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

/// A supervisor of "group", which has "leaf", and of "worker".
struct grouped : world {
  grouped() {
    start(many, {group("group", {spec("leaf")}), spec("worker")});
  }

  supervisor_ref below() const {
    return ref->below("group");
  }

  void kill_group() {
    caf::anon_send_exit(ref->child("group").current().value(),
                        caf::exit_reason::kill);
    run();
  }

  /// Kills "group", whose restart then waits for "leaf".
  void hold_group() {
    child("leaf").start = mode::manual_ack;
    kill_group();
    REQUIRE(info("group").status == child_status::restarting);
  }
};

/// @returns its children, newest first
std::string which_below(world& w, const supervisor_ref& whom) {
  auto reply
    = w.ask_actor<which_children_reply>(whom.handle(), which_children{});
  w.run();
  if (!reply->has_value())
    return "no answer";
  std::string result;
  for (const auto& each : reply->value().children)
    result += (result.empty() ? "" : " ") + each.id + ':'
              + std::string{to_string(each.status)};
  return result;
}

/// @returns why it does not answer
sup_error refusal(world& w, const supervisor_ref& whom) {
  auto sent = request(w, whom.handle(), which_children{});
  w.run();
  REQUIRE(sent->errors == 1);
  return from_caf_error(sent->error);
}

/// Counts the messages that it does not know, which is all that it gets.
child_spec disturbed(int& times) {
  return {.id = "disturbed",
          .start = start_function([&times](caf::event_based_actor* self) {
            self->set_default_handler(
              [&times](caf::scheduled_actor*,
                       caf::message_view&) -> caf::result<caf::message> {
                ++times;
                return caf::sec::unexpected_message;
              });
            return caf::behavior{[](int) {}};
          })};
}

} // namespace

TEST_CASE("a supervisor below answers questions and carries out orders",
          "[below]") {
  grouped w;
  auto below = w.below();
  CHECK(below.path() == "group");
  CHECK(which_below(w, below) == "leaf:running");
  CHECK(w.order_to(below.handle(), start_child{w.spec("new")}).ok());
  CHECK(w.order_to(below.handle(), terminate_child{"leaf"}).ok());
  CHECK(which_below(w, below) == "new:running leaf:stopped");
  CHECK(w.order_to(below.handle(), restart_child{"nobody"})
          .failed_with(sup_errc::not_found));
  auto seen = w.ask_actor<get_tree_reply>(below.handle(), get_tree{});
  w.run();
  CHECK(seen->value().result->children.size() == 2);
  CHECK(w.which() == "worker:running group:running");
}

TEST_CASE("a handle to a supervisor below leads to the incarnation that runs",
          "[below]") {
  grouped w;
  auto below = w.below();
  for (auto starts = 2; starts < 4; ++starts) {
    w.kill_group();
    CHECK(w.child("leaf").starts == starts);
    CHECK(which_below(w, below) == "leaf:running");
  }
}

TEST_CASE("a supervisor below that does not run takes nothing, and says why",
          "[below]") {
  grouped w;
  auto below = w.below();
  SECTION("it is about to come back") {
    w.hold_group();
    auto why = refusal(w, below);
    CHECK(why.code == sup_errc::child_unavailable);
    CHECK(why.message == "child 'group' does not run: restarting");
    w.child("leaf").acks.back()();
    w.run();
    CHECK(which_below(w, below) == "leaf:running");
  }
  SECTION("it was stopped, then deleted") {
    CHECK(w.order(terminate_child{"group"}).ok());
    auto why = refusal(w, below);
    CHECK(why.code == sup_errc::child_unavailable);
    CHECK(why.message == "child 'group' does not run: stopped");
    CHECK(w.order(delete_child{"group"}).ok());
    why = refusal(w, below);
    CHECK(why.code == sup_errc::not_found);
    CHECK(why.message == "there is no child 'group'");
  }
  SECTION("it has ended before it had read the question") {
    caf::anon_send_exit(w.ref->child("group").current().value(),
                        caf::exit_reason::kill);
    auto why = refusal(w, below);
    CHECK(why.code == sup_errc::child_down);
    CHECK(why.message == "incarnation 1 ended before it had answered");
  }
  SECTION("nobody knows it") {
    CHECK(refusal(w, w.ref->below("nobody")).code == sup_errc::not_found);
  }
  SECTION("the topmost supervisor has ended") {
    w.stop();
    CHECK(refusal(w, below).code == sup_errc::supervisor_down);
  }
}

TEST_CASE("what is asked below does not wait in a buffer of the supervisor",
          "[below]") {
  world w;
  auto patient = group("group", {w.spec("leaf")});
  patient.while_down = buffer{};
  w.start(many, {patient});
  CHECK(w.order(terminate_child{"group"}).ok());
  CHECK(refusal(w, w.ref->below("group")).code == sup_errc::child_unavailable);
}

TEST_CASE("a worker has nothing below, and hears nothing of who asks",
          "[below]") {
  int times = 0;
  world w;
  auto worker = disturbed(times);
  worker.while_down = buffer{};
  w.start(many, {worker});
  auto below = w.ref->below("disturbed");
  auto why = refusal(w, below);
  CHECK(why.code == sup_errc::not_a_supervisor);
  CHECK(why.message == "child 'disturbed' is no supervisor");
  CHECK(refusal(w, below.below("deeper")).code == sup_errc::not_found);
  CHECK(w.order(terminate_child{"disturbed"}).ok());
  CHECK(refusal(w, below).code == sup_errc::child_unavailable);
  CHECK(w.order(restart_child{"disturbed"}).ok());
  CHECK(times == 0);
}

TEST_CASE("supervisors are reached at any depth, also when one on the way has "
          "come back",
          "[below]") {
  world w;
  w.start(many, {group("a", {group("b", {w.spec("leaf")})})});
  auto deepest = w.ref->below("a").below("b");
  CHECK(deepest.path() == "a/b");
  CHECK(which_below(w, deepest) == "leaf:running");
  w.child("leaf").start = mode::manual_ack;
  caf::anon_send_exit(w.ref->child("a").current().value(),
                      caf::exit_reason::kill);
  w.run();
  auto why = refusal(w, deepest);
  CHECK(why.code == sup_errc::supervisor_down);
  CHECK(why.message == "the supervisor of child 'a/b' does not run");
  w.child("leaf").acks.back()();
  w.run();
  CHECK(which_below(w, deepest) == "leaf:running");
}

TEST_CASE("a reference to a child below leads to it over restarts of its "
          "supervisor",
          "[below]") {
  grouped w;
  auto leaf = w.below().child("leaf");
  auto ask = [&] {
    auto sent = request(w, leaf, who_are_you{});
    w.run();
    return sent;
  };
  CHECK(ask()->answers == 1);
  w.tell("leaf", die{crash()});
  CHECK(ask()->value == 2);
  SECTION("the supervisor has crashed") {
    w.hold_group();
    auto sent = ask();
    REQUIRE(sent->errors == 1);
    CHECK(child_unavailable::from_error(sent->error)->status
          == child_status::supervisor_down);
    w.child("leaf").acks.back()();
    w.run();
    CHECK(ask()->value == 1);
    CHECK(leaf.current() == w.last_handle("leaf"));
  }
  SECTION("the supervisor was deleted, and another one has its id") {
    CHECK(w.order(terminate_child{"group"}).ok());
    CHECK(w.order(delete_child{"group"}).ok());
    CHECK_FALSE(leaf.current());
    CHECK(w.order(start_child{group("group", {w.spec("leaf")})}).ok());
    CHECK(leaf.current() == w.last_handle("leaf"));
    CHECK(leaf.identity() == w.below().child("leaf").identity());
  }
}

TEST_CASE("handles to one supervisor, or child, below are known to be equal",
          "[below]") {
  grouped w;
  CHECK_FALSE(w.ref->as_child());
  CHECK(w.ref->path().empty());
  auto below = w.below();
  CHECK(below.as_child()->identity() == w.ref->child("group").identity());
  auto leaf = below.child("leaf");
  CHECK(leaf.identity() == w.below().child("leaf").identity());
  CHECK(leaf.identity() != below.child("other").identity());
  CHECK(leaf.identity() != w.ref->child("leaf").identity());
}

TEST_CASE("only the supervisor above stops one that is a child", "[below]") {
  grouped w;
  auto below = w.below();
  CHECK(below.stop(1h).error().code == sup_errc::supervised);
  CHECK(below.stop(1h, stop_supervisor::forced).error().code
        == sup_errc::supervised);
  caf::anon_send(below.handle(), stop_supervisor{});
  caf::anon_send_exit(below.handle(), caf::exit_reason::kill);
  w.run();
  CHECK(which_below(w, below) == "leaf:running");
  CHECK(w.child("leaf").starts == 1);
}

TEST_CASE("an actor reads what has become of its request to a supervisor",
          "[below]") {
  auto read = from_caf_error(
    to_caf_error({.code = sup_errc::max_children, .message = "5 at most"}));
  CHECK(to_string(read) == "max_children: 5 at most");
  CHECK(from_caf_error(caf::sec::request_timeout).code == sup_errc::timed_out);
  CHECK(from_caf_error(child_down{3}.to_error()).message
        == "incarnation 3 ended before it had answered");
  for (const auto& silent :
       {caf::error{}, caf::make_error(caf::sec::request_receiver_down),
        caf::make_error(caf::exit_reason::kill)})
    CHECK(from_caf_error(silent).code == sup_errc::supervisor_down);
  CHECK(to_string(sup_errc::not_a_supervisor) == "not_a_supervisor");
  CHECK(to_string(sup_errc::supervised) == "supervised");
}

TEST_CASE("a handle to a supervisor below owns the whole tree", "[below]") {
  grouped w;
  std::optional deepest{w.below().below("any")};
  w.ref.reset();
  w.run();
  CHECK_FALSE(w.supervisor_end);
  deepest.reset();
  w.run();
  CHECK(w.supervisor_end);
}

namespace {

struct system_config : caf::actor_system_config {
  system_config() {
    set("scheduler.max-threads", size_t{2});
    configure(*this);
  }
};

} // namespace

// Blocks, so that it runs on CAF's own scheduler; it waits for answers only.
TEST_CASE("the functions that wait work below as they do at the top",
          "[below]") {
  system_config config;
  caf::actor_system system{config};
  auto idle = start_function([] { return caf::behavior{[](int) {}}; });
  auto top = start_supervisor(system, {},
                              {group("group", {{.id = "leaf", .start = idle}}),
                               {.id = "worker", .start = idle}})
               .value();
  auto below = top.below("group");
  CHECK(below.await_start());
  CHECK_FALSE(below.start_failure());
  CHECK(below.start_child({.id = "new", .start = idle})->id == "new");
  CHECK(below.cycle_child("leaf")->incarnation == 3);
  CHECK(below.count_children() == child_counts{2, 2, 0, 2});
  CHECK(below.which_child("new")->incarnation == 2);
  CHECK(below.get_child_spec("nobody").error().code == sup_errc::not_found);
  CHECK(below.statistics()->restarts == 0);
  CHECK(tree(below)->children.size() == 2);
  auto no_tree = tree(top.below("worker"));
  REQUIRE_FALSE(no_tree);
  CHECK(no_tree.error().code == sup_errc::not_a_supervisor);
  CHECK(top.terminate_child("group"));
  CHECK(below.delete_child("new").error().code == sup_errc::child_unavailable);
  CHECK(top.stop());
  CHECK(below.await_start().error().code == sup_errc::supervisor_down);
}

} // namespace below_test
