// Children that come on demand: their arguments, their number, and their stop.

#include <pyactor/test/supervisors/simple_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <vector>

namespace dynamic_children_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

#define TEST(what) TEST_CASE(what, "[dynamic_children]")

namespace {

const auto killed = caf::make_error(caf::exit_reason::kill);

supervisor_flags many() {
  return {.intensity = 100, .period = 1h};
}

supervisor_flags at_most(size_t limit) {
  auto result = many();
  result.max_children = limit;
  return result;
}

supervisor_flags all_at_once() {
  auto result = many();
  result.stop_order = stop_order::at_once;
  return result;
}

/// Makes of any start function one that notes its arguments.
child_spec noting(child_spec what, std::vector<std::string>& notes) {
  what.start = [start = what.start, &notes](const start_context& context) {
    const auto& given = context.arguments();
    notes.push_back(context.id() + (given.empty() ? "()" : to_string(given)));
    return start(context);
  };
  return what;
}

} // namespace

// -- arguments ----------------------------------------------------------------

TEST("each child has arguments of its own, for each of its incarnations") {
  simple_world w{many()};
  std::vector<std::string> seen;
  w.begin(noting(w.spec("c"), seen));
  w.add(caf::make_message(1));
  w.add(caf::make_message(2, "two"));
  w.add();
  w.tell("c-2", die{crash()});
  CHECK(w.order(cycle_child{"c-1"}).ok());
  CHECK(seen
        == std::vector<std::string>{"c-1(1)", "c-2(2, \"two\")", "c-3()",
                                    "c-2(2, \"two\")", "c-1(1)"});
}

TEST("an incarnation that changes its arguments changes them for itself") {
  simple_world w{many()};
  std::vector<int> seen;
  auto one = w.spec("c");
  one.start = [start = one.start, &seen](const start_context& context) {
    auto arguments = context.arguments();
    seen.push_back(arguments.get_mutable_as<int>(0)++);
    return start(context);
  };
  w.begin(one);
  auto given = caf::make_message(7);
  w.add(given);
  w.tell("c-1", die{crash()});
  CHECK(seen == std::vector{7, 7});
  CHECK(given.get_as<int>(0) == 7);
}

TEST("arguments of other types than the start function takes fail the start") {
  simple_world w{many()};
  w.begin({.id = "c", .start = with_arguments<int>([&](int) {
                        return w.spec(generated_id).start;
                      })});
  for (const auto& wrong :
       {caf::message{}, caf::make_message("text"), caf::make_message(1, 2)})
    CHECK(w.add(wrong).error().message
          == "the start function does not take the "
               + std::to_string(wrong.size()) + " arguments that it was given");
  CHECK(w.add(caf::make_message(1)).ok());
}

TEST("children of specs of their own have no arguments") {
  world w;
  std::vector<std::string> seen;
  w.start(many(), {noting(w.spec("a"), seen)});
  CHECK(seen == std::vector<std::string>{"a()"});
}

// -- children of one spec -----------------------------------------------------

TEST("an id that was given out leads to that child alone") {
  simple_world w{restart_type::transient};
  auto first = w.add();
  CHECK((*first.slot)->id == "c-1");
  CHECK(w.ref->child("c-1").incarnation() == first.value());
  w.tell("c-1", die{crash()});
  CHECK(w.ref->child("c-1").incarnation() == 2);
  w.tell("c-1", die{{}});
  CHECK(w.ref->child("c-1").status() == child_status::unknown);
  w.add();
  CHECK(w.which() == "c-2:running");
  CHECK(w.ref->child("c-1").status() == child_status::unknown);
}

TEST("children of one spec are gone when they end for good") {
  simple_world w{many()};
  auto one = w.spec("c");
  one.max_total_restarts = 1;
  one.classify = [](const exit_info& how) {
    return how.message == "fatal" ? exit_class::fatal : how.cls;
  };
  w.begin(one);
  w.add(3);
  w.tell("c-1", die{crash("fatal")});
  CHECK(w.which() == "c-3:running c-2:running");
  CHECK(w.events.back().what == supervision_event::kind::child_given_up);
  w.tell("c-2", die{crash()});
  w.tell("c-2", die{crash()});
  CHECK(w.which() == "c-3:running");
  CHECK(w.order(terminate_child{"c-1"}).ok());
}

TEST("a supervisor of one spec takes no other spec") {
  simple_world w;
  w.add();
  for (const char* id : {"c", "c-1", "new"})
    CHECK(w.order(start_child{w.spec(id)})
            .failed_with(sup_errc::simple_one_for_one));
  CHECK(w.which() == "c-1:running");
}

TEST("a child of one spec is retried and reset as others are") {
  simple_world w{many()};
  w.begin(w.spec("c"));
  w.add();
  CHECK(w.order(retry_now{"c-1"}).failed_with(sup_errc::running));
  CHECK(w.order(cycle_child{"c-1"}).value() == 2);
  w.child("c-1").start = mode::refuse;
  w.tell("c-1", die{crash()});
  w.child("c-1").start = mode::spawn;
  CHECK(w.order(retry_now{"c-1"}).value() == 4);
  for (const char* id : {"c-2", "x"}) {
    CHECK(w.order(retry_now{id}).failed_with(sup_errc::not_found));
    CHECK(w.order(cycle_child{id}).failed_with(sup_errc::not_found));
  }
}

TEST("a temporary child of one spec cannot be reset") {
  simple_world w{restart_type::temporary};
  w.add();
  CHECK(w.order(cycle_child{"c-1"}).failed_with(sup_errc::simple_one_for_one));
  CHECK(w.alive("c-1"));
}

TEST("a supervisor of other strategies has no spec to start from") {
  world w;
  w.start(many(), {w.spec("a")});
  auto failed = w.order(start_child_with{});
  REQUIRE(failed.failed_with(sup_errc::invalid_spec));
  CHECK(failed.error().message
        == "only simple_one_for_one has a spec to start from");
  CHECK(w.which() == "a:running");
}

// -- how many -----------------------------------------------------------------

TEST("children that start, run, stop or come back count, stopped ones do not") {
  world w;
  w.child("starting").start = mode::manual_ack;
  w.child("stopping").deaf = true;
  w.start(at_most(4), {w.spec("stopped"), w.spec("running"), w.spec("stopping"),
                       w.spec("restarting")});
  w.order(terminate_child{"stopped"});
  w.order(terminate_child{"stopping"});
  w.child("restarting").start = mode::refuse;
  w.tell("restarting", die{crash()});
  w.order(start_child{w.spec("starting")});
  CHECK(w.which()
        == "starting:starting restarting:restarting stopping:stopping "
           "running:running stopped:stopped");
  auto refused = w.order(start_child{w.spec("fifth")});
  REQUIRE(refused.failed_with(sup_errc::max_children));
  CHECK(to_string(refused.error())
        == "max_children 'fifth': no more than 4 at a time");
  CHECK(w.child("fifth").starts == 0);
  CHECK(w.order(restart_child{"stopped"}).failed_with(sup_errc::max_children));
  CHECK(w.order(cycle_child{"stopped"}).failed_with(sup_errc::max_children));
  CHECK(w.child("stopped").starts == 1);
  w.order(terminate_child{"running"});
  CHECK(w.order(start_child{w.spec("fifth")}).ok());
}

TEST("a full supervisor restarts and resets what it has") {
  world w;
  w.start(at_most(2), {w.spec("a"), w.spec("b")});
  w.tell("a", die{crash()});
  CHECK(w.order(cycle_child{"b"}).ok());
  CHECK(w.which() == "b:running a:running");
  CHECK(
    w.order(start_child{w.spec("a")}).failed_with(sup_errc::already_started));
}

TEST("a start that came to nothing takes nobody's place") {
  simple_world w{restart_type::permanent, at_most(1)};
  w.child("c-1").start = mode::ignore;
  w.child("c-2").start = mode::refuse;
  w.child("c-3").start = mode::throw_init;
  w.add(4);
  CHECK(w.which() == "c-4:running");
  auto refused = w.add();
  REQUIRE(refused.failed_with(sup_errc::max_children));
  CHECK(refused.error().message == "no more than 1 at a time");
  w.order(terminate_child{"c-4"});
  CHECK(w.add().ok());
  w.tell("c-5", die{crash()});
  CHECK(w.add().failed_with(sup_errc::max_children));
}

// -- their stop ---------------------------------------------------------------

TEST("children that stop at once take as long as the slowest") {
  world w;
  std::vector<child_spec> specs;
  for (auto timeout : {1s, 3s, 1s, 2s}) {
    specs.push_back(w.spec(std::to_string(specs.size())));
    specs.back().shutdown = stop_policy{.timeout = timeout};
    w.child(specs.back().id).deaf = true;
  }
  w.start(all_at_once(), specs);
  w.journal.clear();
  w.stop();
  CHECK(w.happened().empty());
  w.advance(1s);
  CHECK(w.happened() == "end 0, end 2");
  w.advance(1s);
  CHECK(w.happened() == "end 3");
  w.advance(1s - 1ns);
  CHECK_FALSE(w.supervisor_end);
  w.advance(1ns);
  CHECK(w.happened() == "end 1");
  CHECK(w.supervisor_end);
}

TEST("a stop at once meets children in every state") {
  simple_world w{many()};
  w.begin(w.spec("c"));
  w.child("c-1").start = mode::manual_ack;
  w.add(5);
  w.child("c-2").start = mode::refuse;
  w.tell("c-2", die{crash()});
  w.child("c-3").deaf = true;
  w.order(cycle_child{"c-3"});
  w.order(cycle_child{"c-3"});
  w.child("c-4").deaf = true;
  w.order(cycle_child{"c-4"});
  auto order = w.order(terminate_child{"c-4"});
  w.child("c-5").last_words = crash();
  w.order(cycle_child{"c-5"});
  w.stop();
  CHECK(w.ended_with("c-1", killed));
  CHECK(w.which()
        == "c-5:stopped c-4:stopping c-3:stopping c-2:stopped c-1:stopped");
  w.advance(5s);
  CHECK(w.supervisor_end);
  for (int i = 1; i <= 5; ++i)
    CHECK_FALSE(w.alive("c-" + std::to_string(i)));
  CHECK(order.ok());
  for (const char* id : {"c-3", "c-4", "c-5"})
    CHECK(w.child(id).starts == 2);
}

TEST("a forced stop at once kills all, also those that may take for ever") {
  simple_world w{many()};
  auto one = w.spec("c");
  one.shutdown = stop_policy{.mode = stop_mode::infinity};
  w.begin(one);
  for (int i = 1; i <= 3; ++i)
    w.child("c-" + std::to_string(i)).deaf = true;
  w.add(3);
  SECTION("after a while") {
    w.stop();
    w.advance(1h);
    CHECK_FALSE(w.supervisor_end);
  }
  SECTION("from the beginning") {
  }
  w.stop(stop_supervisor::forced);
  CHECK(w.supervisor_end);
  for (int i = 1; i <= 3; ++i)
    CHECK(w.ended_with("c-" + std::to_string(i), killed));
}

TEST("children of one spec stop one after another where that is wanted") {
  auto flags = many();
  flags.stop_order = stop_order::newest_first;
  simple_world w{restart_type::permanent, flags};
  w.child("c-2").deaf = true;
  w.add(3);
  w.journal.clear();
  w.stop();
  CHECK(w.happened() == "end c-3");
  w.advance(5s);
  CHECK(w.happened() == "end c-2, end c-1");
}

TEST("a supervisor gives way to others after some messages") {
  simple_world w;
  for (int i = 0; i < 1000; ++i)
    caf::anon_send(w.supervisor, start_child_with{});
  caf::scoped_execution_unit unit{&w.system};
  auto* job = dynamic_cast<caf::resumable*>(
    caf::actor_cast<caf::abstract_actor*>(w.supervisor));
  REQUIRE(job);
  CHECK(job->resume(&unit, 1000) == caf::resumable::resume_later);
  CHECK(w.journal.size() < 100);
  w.run();
  CHECK(w.count().active == 1000);
}

TEST("questions are answered while thousands of children stop") {
  simple_world w{restart_type::permanent, many()};
  w.add(5000);
  caf::scoped_actor self{w.system};
  self->send(w.supervisor, stop_supervisor{});
  auto question = self->request(w.supervisor, caf::infinite, which_children{});
  w.run();
  CHECK(w.supervisor_end);
  question.receive(
    [](const which_children_reply& answer) {
      auto runs = [](const child_info& who) {
        return who.status == child_status::running;
      };
      CHECK(std::ranges::any_of(answer.children, runs));
    },
    [](const caf::error& what) { FAIL(caf::to_string(what)); });
}

} // namespace dynamic_children_test
