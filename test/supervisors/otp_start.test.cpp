// Cases of OTP's own test suite about starts, under their names there;
// README.md lists them. Where OTP has a supervisor whose `init` gives
// something, here is the start function of a child that is a supervisor.

#include <pyactor/test/supervisors/otp.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>

namespace otp_start_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using namespace otp;
using mode = child_control::start_mode;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_start]")

namespace {

bool started(const world& w) {
  return w.started->has_value() && w.started->value().result.has_value();
}

/// @returns whether the supervisor has heard of an end
bool heard_of_an_end(const world& w) {
  return std::ranges::any_of(w.events, [](const supervision_event& event) {
    return event.what == supervision_event::kind::exited;
  });
}

child_spec subtree(start_fn start) {
  return {
    .id = "sub", .start = std::move(start), .type = child_type::supervisor};
}

} // namespace

TEST("sup_start_normal",
     "a supervisor without children starts, and stops with shutdown") {
  otp_world w;
  w.start(flags(), {});
  CHECK(started(w));
  w.stop();
  CHECK(w.supervisor_end == shutdown);
}

TEST("sup_start_ignore_init", "a supervisor with nothing to start is no error, "
                              "and nobody hears of an end") {
  otp_world w;
  auto sub = subtree([](const start_context&) { return start_ignored{}; });
  w.start(flags(), {sub});
  CHECK(started(w));
  sub.id = "later";
  CHECK(w.order(start_child{sub}).value() == 0);
  w.advance(100ms);
  CHECK_FALSE(heard_of_an_end(w));
  CHECK(w.which() == "later:stopped sub:stopped");
  CHECK_FALSE(w.supervisor_end);
}

TEST("sup_start_ignore_child",
     "a child with nothing to start is there, and stopped") {
  auto nothing_to_start = GENERATE(mode::ignore, mode::decline);
  otp_world w;
  w.start(flags(), {});
  w.child("c1").start = nothing_to_start;
  auto first = w.order(start_child{w.spec("c1")});
  CHECK(first.ok());
  CHECK(first.value() == 0);
  CHECK(w.order(start_child{w.spec("c2")}).value() != 0);
  CHECK(w.which() == "c2:running c1:stopped");
  CHECK(w.count() == child_counts{2, 1, 0, 2});
}

TEST("sup_start_ignore_temporary_child",
     "a temporary child of the list with nothing to start leaves no spec") {
  auto nothing_to_start = GENERATE(mode::ignore, mode::decline);
  otp_world w;
  w.child("c1").start = nothing_to_start;
  w.start(flags(), {w.spec("c1", restart_type::temporary),
                    w.spec("c2", restart_type::temporary)});
  CHECK(started(w));
  CHECK(w.which() == "c2:running");
  CHECK(w.count() == child_counts{1, 1, 0, 1});
}

TEST("sup_start_ignore_temporary_child_start_child",
     "nor does one that start_child adds") {
  auto nothing_to_start = GENERATE(mode::ignore, mode::decline);
  otp_world w;
  w.start(flags(), {});
  w.child("c1").start = nothing_to_start;
  auto first = w.order(start_child{w.spec("c1", restart_type::temporary)});
  CHECK(first.ok());
  CHECK(first.value() == 0);
  CHECK(w.order(start_child{w.spec("c2", restart_type::temporary)}).value()
        != 0);
  CHECK(w.which() == "c2:running");
  CHECK(w.count() == child_counts{1, 1, 0, 1});
  CHECK(w.order(restart_child{"c1"}).failed_with(sup_errc::not_found));
}

TEST("sup_start_fail", "a supervisor whose start raises is an error with its "
                       "text, and nobody hears of an end") {
  otp_world w;
  auto sub = subtree([](const start_context&) -> start_result {
    throw std::runtime_error{"fail"};
  });
  w.start(flags(), {});
  auto answer = w.order(start_child{sub});
  REQUIRE(answer.failed_with(sup_errc::start_failed));
  CHECK(answer.error().id == "sub");
  CHECK(answer.error().message == "fail");
  w.advance(100ms);
  CHECK_FALSE(heard_of_an_end(w));
  CHECK(w.which().empty());
  CHECK_FALSE(w.supervisor_end);
}

TEST("sup_start_child_returns_error",
     "a child that start_child cannot start leaves its reason, and no spec") {
  otp_world w;
  w.start(flags(), {});

  struct row {
    mode how;
    caf::error cause;
    const char* message;
  };

  const row table[] = {
    {mode::refuse, crash(), "refused"},
    {mode::raise, sup_errc::start_failed, "start function raised"},
    {mode::throw_init, crash(), "init raised"},
  };
  for (const auto& [how, cause, message] : table) {
    w.child("c").start = how;
    auto answer = w.order(start_child{w.spec("c")});
    REQUIRE(answer.failed_with(sup_errc::start_failed));
    CHECK(answer.error().id == "c");
    CHECK(answer.error().cause == cause);
    CHECK(answer.error().message == message);
    CHECK(answer.error().reason->kind == exit_kind::start_failed);
    CHECK(w.which().empty());
  }
  // What is neither a result nor an exception.
  auto odd = [](const start_context&) -> start_result { throw 42; };
  auto answer = w.order(start_child{{.id = "c", .start = odd}});
  REQUIRE(answer.failed_with(sup_errc::start_failed));
  CHECK(answer.error().message == "the start function threw no std::exception");
  CHECK(w.which().empty());
}

TEST("sup_start_restart_child_returns_error",
     "a child that restart_child cannot start keeps its spec") {
  otp_world w;
  w.start(flags(), {w.spec("child1")});
  CHECK(w.order(terminate_child{"child1"}).ok());
  w.child("child1").start = mode::throw_init;
  auto answer = w.order(restart_child{"child1"});
  REQUIRE(answer.failed_with(sup_errc::start_failed));
  CHECK(answer.error().message == "init raised");
  CHECK(answer.error().cause == crash());
  CHECK(w.which() == "child1:stopped");
}

TEST("sup_start_map", "a supervisor shows the defaults of its children") {
  otp_world w;
  auto nothing = [](const start_context&) { return start_ignored{}; };
  w.start(flags(),
          {{.id = "child1", .start = nothing},
           {.id = "child2",
            .start = nothing,
            .shutdown = stop_policy{.mode = stop_mode::brutal_kill}},
           {.id = "child3", .start = nothing, .type = child_type::supervisor}});
  auto first = w.spec_of("child1");
  REQUIRE(first);
  CHECK(first->id == "child1");
  CHECK(first->start);
  CHECK(first->restart == restart_type::permanent);
  CHECK(first->type == child_type::worker);
  CHECK_FALSE(first->significant);
  CHECK(first->shutdown == stop_policy{stop_mode::timed, 5s, 1s});
  CHECK(w.spec_of("child2")->shutdown->mode == stop_mode::brutal_kill);
  CHECK(w.spec_of("child3")->type == child_type::supervisor);
  CHECK(w.spec_of("child3")->shutdown->mode == stop_mode::infinity);
  CHECK(w.spec_of("child4").error().code == sup_errc::not_found);
}

TEST("sup_start_map_faulty_specs",
     "a list with a spec that is none is refused before anything starts") {
  otp_world w;
  auto refusal = [&](child_spec wrong) {
    auto failed = w.spawn(flags(), {w.spec("child1"), wrong});
    w.run();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == sup_errc::invalid_spec);
    CHECK(failed.error().id == wrong.id);
    return failed.error().message;
  };
  auto no_id = w.spec("");
  CHECK(refusal(no_id) == to_string(spec_fault::missing_id));
  CHECK(refusal({.id = "child2"}) == to_string(spec_fault::missing_start));
  CHECK(refusal({}) == to_string(spec_fault::missing_id));
  CHECK(w.child("child1").starts == 0);
}

TEST("already_started_outside_supervisor",
     "an already_started of a start function reaches the caller unchanged") {
  otp_world w;
  auto foreign = w.system.spawn(
    [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  w.clients.push_back(foreign);
  auto take_name = [foreign](const start_context&) -> start_result {
    return caf::make_error(sup_errc::already_started, foreign);
  };
  w.start(flags(), {});
  auto answer = w.order(start_child{{.id = "child1", .start = take_name}});
  REQUIRE(answer.failed_with(sup_errc::already_started));
  CHECK(answer.error().cause.context().get_as<caf::actor>(0) == foreign);
  CHECK(w.which().empty());
}

} // namespace otp_start_test
