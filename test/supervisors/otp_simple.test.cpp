// Cases of OTP's own test suite about children of one spec, under their names
// there; README.md lists them. Where OTP has a pid, here is an id that was
// given out.

#include <pyactor/test/supervisors/otp.hpp>
#include <pyactor/test/supervisors/simple_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <memory>
#include <vector>

namespace otp_simple_test {

/// An argument that says how many hold it.
struct counted {
  std::shared_ptr<std::vector<int>> load;
};

} // namespace otp_simple_test

PYACTOR_LOCAL_MESSAGE(otp_simple_test::counted)

namespace otp_simple_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using namespace otp;
using mode = child_control::start_mode;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_simple]")

namespace {

supervisor_flags up_to(uint32_t intensity) {
  return {.intensity = intensity, .period = 1h};
}

void ignored_start(restart_type restart) {
  auto nothing_to_start = GENERATE(mode::ignore, mode::decline);
  otp_simple_world w{restart};
  w.child("c-1").start = nothing_to_start;
  CHECK(w.add().value() == 0);
  CHECK(w.add().value() == 2);
  CHECK(w.which() == "c-2:running");
  CHECK(w.count() == child_counts{1, 1, 0, 1});
  w.stop();
  CHECK(w.supervisor_end == shutdown);
}

} // namespace

TEST("sup_start_ignore_temporary_child_start_child_simple",
     "a start that has nothing to start stores nothing") {
  ignored_start(restart_type::temporary);
}

TEST("sup_start_ignore_permanent_child_start_child_simple",
     "nor does that of a permanent child, and the supervisor stops") {
  ignored_start(restart_type::permanent);
}

TEST("sup_start_child_returns_error_simple",
     "a start that fails says why and stores nothing") {
  otp_simple_world w{up_to(2)};
  auto one = w.spec("c");
  one.start = [start = one.start](const start_context& context) {
    if (context.id() == "c-4")
      throw 42; // what is neither a result nor an exception
    return start(context);
  };
  w.begin(one);
  w.child("c-1").start = mode::refuse;
  w.child("c-2").start = mode::raise;
  w.child("c-3").start = mode::throw_init;
  CHECK(w.add().error().cause == crash("refused"));
  CHECK(w.add().error().message == "start function raised");
  CHECK(w.add().failed_with(sup_errc::start_failed));
  auto odd = w.add();
  REQUIRE(odd.failed_with(sup_errc::start_failed));
  CHECK(odd.error().message == "the start function threw no std::exception");
  CHECK(w.which().empty());
}

TEST("sup_start_map_simple", "a child has the one spec, under its own id") {
  otp_simple_world w{restart_type::temporary};
  w.add(3);
  for (const char* id : {"c-1", "c-3", "c"}) {
    auto found = w.spec_of(id);
    REQUIRE(found);
    CHECK(found->id == id);
    CHECK(found->start);
    CHECK(found->restart == restart_type::temporary);
    CHECK(found->shutdown == stop_policy{});
    CHECK_FALSE(found->significant);
  }
  for (const char* id : {"c-4", "x", "c-"})
    CHECK(w.spec_of(id).error().code == sup_errc::not_found);
}

TEST("child_adm_simple", "each order does what OTP's table says") {
  otp_simple_world w;
  CHECK(w.count() == child_counts{1, 0, 0, 0});
  w.add();
  CHECK(w.count() == child_counts{1, 1, 0, 1});
  w.add();
  CHECK(w.count() == child_counts{1, 2, 0, 2});
  CHECK(
    w.order(terminate_child{"c"}).failed_with(sup_errc::simple_one_for_one));
  CHECK(w.order(terminate_child{"c-1"}).ok());
  CHECK(w.ended_with("c-1", shutdown));
  CHECK(w.which() == "c-2:running");
  CHECK(w.order(terminate_child{"c-1"}).ok());
  CHECK(w.order(terminate_child{"other"}).failed_with(sup_errc::not_found));
  auto address = to_string(w.last_handle("c-2").address());
  CHECK(w.order(terminate_child{address}).failed_with(sup_errc::not_found));
  for (const char* id : {"c", "c-1", "c-2", "other"}) {
    CHECK(w.order(restart_child{id}).failed_with(sup_errc::simple_one_for_one));
    CHECK(w.order(delete_child{id}).failed_with(sup_errc::simple_one_for_one));
  }
  CHECK(w.which() == "c-2:running");
  CHECK(w.alive("c-2"));
}

TEST("simple_one_for_one",
     "a crash is the child's alone, a third one too many") {
  otp_simple_world w;
  w.add(2);
  w.tell("c-1", die{crash()});
  CHECK(w.happened() == "start c-1, start c-2, end c-1, start c-1");
  CHECK(w.count() == child_counts{1, 2, 0, 2});
  w.tell("c-2", die{crash()});
  CHECK_FALSE(w.supervisor_end);
  w.tell("c-2", die{crash()});
  CHECK(is_give_up(w.supervisor_end));
  CHECK_FALSE(w.alive("c-1"));
}

TEST("simple_one_for_one_extra",
     "what a start function tells reaches whoever adds the child, and a crash "
     "is the child's alone") {
  otp_simple_world w;
  for (const char* id : {"c-1", "c-2"}) {
    w.child(id).told = caf::make_message(std::string{"extra of "} + id);
    auto added = w.add();
    REQUIRE(added.ok());
    CHECK((*added.slot)->id == id);
    REQUIRE(added.told().match_elements<std::string>());
    CHECK(added.told().get_as<std::string>(0) == std::string{"extra of "} + id);
  }
  w.tell("c-1", die{crash()});
  CHECK(w.happened() == "start c-1, start c-2, end c-1, start c-1");
  CHECK(w.info("c-1").incarnation == 3);
  CHECK(w.info("c-2").incarnation == 2);
  CHECK(w.count() == child_counts{1, 2, 0, 2});
  w.tell("c-2", die{crash()});
  w.tell("c-2", die{crash()});
  CHECK(is_give_up(w.supervisor_end));
  CHECK_FALSE(w.alive("c-1"));
}

TEST("simple_one_for_one_escalation", "a restart that keeps failing ends all") {
  otp_simple_world w{restart_type::permanent, up_to(4)};
  w.add(2);
  w.child("c-1").start = mode::refuse;
  w.tell("c-1", die{crash()});
  for (int i = 0; i < 10; ++i)
    w.advance(10ms);
  CHECK(w.child("c-1").starts == 5);
  CHECK(is_give_up(w.supervisor_end));
  CHECK_FALSE(w.alive("c-2"));
}

TEST("simple_one_for_one_corruption",
     "nothing is left of the arguments of a temporary child that has started") {
  otp_simple_world w{restart_type::temporary};
  w.add();
  w.tell("c-1", die{crash()});
  auto load = std::make_shared<std::vector<int>>(50'000);
  CHECK(w.add(caf::make_message(counted{load})).ok());
  CHECK(w.alive("c-2"));
  CHECK(load.use_count() == 1);
}

TEST("do_not_save_start_parameters_for_temporary_children",
     "while children live, the supervisor holds the arguments of those that it "
     "may start again, and of no others") {
  constexpr uint32_t children = 100;
  for (auto restart : {restart_type::permanent, restart_type::transient,
                       restart_type::temporary}) {
    otp_simple_world w{restart, up_to(children)};
    auto load = std::make_shared<std::vector<int>>(50'000);
    for (uint32_t i = 0; i < children; ++i)
      CHECK(w.add(caf::make_message(counted{load})).ok());
    CHECK(w.count().active == children);
    auto held = restart == restart_type::temporary ? 0 : children;
    CHECK(load.use_count() == 1 + held);
    for (uint32_t i = 1; i <= children; ++i)
      w.tell("c-" + std::to_string(i), die{crash()});
    CHECK(load.use_count() == 1 + held);
    for (uint32_t i = 1; i <= children; ++i)
      w.order(terminate_child{"c-" + std::to_string(i)});
    CHECK(load.use_count() == 1);
  }
}

TEST("simple_one_for_one_restart_ignore",
     "a child whose restart has nothing to start is gone") {
  auto nothing_to_start = GENERATE(mode::ignore, mode::decline);
  for (auto restart : {restart_type::permanent, restart_type::transient}) {
    otp_simple_world w{restart};
    w.add();
    w.kill("c-1");
    CHECK(w.which() == "c-1:running");
    w.child("c-1").start = nothing_to_start;
    w.kill("c-1");
    CHECK(w.which().empty());
    w.stop();
    CHECK(w.supervisor_end == shutdown);
  }
}

TEST("significant_simple",
     "auto_shutdown does not go with children of one spec") {
  otp_world w;
  for (auto end :
       {auto_shutdown::any_significant, auto_shutdown::all_significant}) {
    auto failed = w.spawn(
      {.strategy = restart_strategy::simple_one_for_one, .auto_shutdown = end},
      {w.spec("c")});
    CHECK(to_string(failed.error())
          == "invalid_spec: auto_shutdown does not go with simple_one_for_one");
  }
  w.start({.strategy = restart_strategy::simple_one_for_one,
           .auto_shutdown = auto_shutdown::never},
          {w.spec("c")});
  CHECK_FALSE(w.supervisor_end);
}

TEST("count_children", "thousands are counted, and forgotten when they end") {
  otp_simple_world w{restart_type::temporary};
  for (size_t n : {1000U, 2000U}) {
    w.add(1000);
    for (int i = 0; i < 3; ++i)
      CHECK(w.count() == child_counts{1, n, 0, n});
  }
  for (int i = 1; i <= 2000; ++i)
    caf::anon_send_exit(w.last_handle("c-" + std::to_string(i)),
                        caf::exit_reason::kill);
  w.run();
  CHECK(w.count() == child_counts{1, 0, 0, 0});
}

TEST("count_children_supervisor",
     "children that are supervisors are counted so") {
  otp_simple_world w{supervisor_flags{}};
  w.begin({.id = "c",
           .start = otp_supervise({}, {}),
           .restart = restart_type::temporary,
           .type = child_type::supervisor});
  for (size_t n : {1000U, 2000U}) {
    w.add(1000);
    for (int i = 0; i < 3; ++i)
      CHECK(w.count() == child_counts{1, n, n, 0});
  }
  for (int i = 1; i <= 2000; ++i)
    caf::anon_send_exit(
      w.ref->child("c-" + std::to_string(i)).current().value(),
      caf::exit_reason::kill);
  w.run();
  CHECK(w.count() == child_counts{1, 0, 0, 0});
}

TEST("count_restarting_children", "a child that comes back is not active") {
  otp_simple_world w{restart_type::permanent,
                     {.intensity = 20, .period = 10s, .min_retry_delay = 2s}};
  w.add(3);
  auto breaks
    = [&](mode how) { w.child("c-1").start = w.child("c-2").start = how; };
  for (const char* id : {"c-1", "c-2", "c-3"})
    w.tell(id, die{crash()});
  CHECK(w.count() == child_counts{1, 3, 0, 3});
  breaks(mode::refuse);
  w.tell("c-1", die{crash()});
  w.tell("c-2", die{crash()});
  w.advance(4s);
  CHECK(w.count() == child_counts{1, 1, 0, 3});
  breaks(mode::spawn);
  w.advance(4s);
  CHECK(w.count() == child_counts{1, 3, 0, 3});
  for (size_t left = 3; left > 0; --left) {
    CHECK(w.order(terminate_child{"c-" + std::to_string(left)}).ok());
    CHECK(w.count() == child_counts{1, left - 1, 0, left - 1});
  }
}

TEST("hanging_restart_loop_simple",
     "a child that cannot come back can be stopped") {
  auto slow = GENERATE(false, true); // to say that it cannot
  otp_simple_world w{up_to(100)};
  auto one = w.spec("c");
  one.shutdown = stop_policy{.mode = stop_mode::brutal_kill};
  w.begin(one);
  for (const char* id : {"c-1", "c-2"}) {
    w.add();
    w.child(id).start = slow ? mode::manual_ack : mode::refuse;
    w.tell(id, die{crash()});
    for (auto starts = 2; starts < 5; ++starts) {
      CHECK(w.child(id).starts == starts);
      if (slow) {
        w.child(id).acks.back()(crash());
        w.run();
      }
      w.advance(10ms);
    }
    CHECK(w.which() == std::string{id} + ":restarting");
    CHECK(w.count() == child_counts{1, 0, 0, 1});
    CHECK(w.order(restart_child{id}).failed_with(sup_errc::simple_one_for_one));
    CHECK(w.order(delete_child{id}).failed_with(sup_errc::simple_one_for_one));
    if (id == std::string{"c-2"})
      break;
    CHECK(w.order(terminate_child{id}).ok());
    CHECK(w.which().empty());
  }
  w.stop();
  CHECK(w.supervisor_end == shutdown);
}

TEST("which_children_simple_one_for_one",
     "children are listed, and found by their ids, while they live") {
  otp_simple_world w;
  CHECK(w.which().empty());
  w.add(2);
  CHECK(w.which() == "c-2:running c-1:running");
  for (incarnation_id n : {1, 2}) {
    auto id = "c-" + std::to_string(n);
    auto found = w.find(id);
    REQUIRE(found);
    CHECK(found->id == id);
    CHECK(found->incarnation == n);
    CHECK(found->status == child_status::running);
  }
  CHECK(w.order(terminate_child{"c-1"}).ok());
  CHECK(w.which() == "c-2:running");
  CHECK(w.find("c-1").error().code == sup_errc::not_found);
  CHECK(w.spec_of("c-1").error().code == sup_errc::not_found);
  CHECK(w.find("c-3").error().code == sup_errc::not_found);
  CHECK(w.find("c").error().code == sup_errc::simple_one_for_one);
  CHECK(w.find("c-2")->incarnation == 2);
}

} // namespace otp_simple_test
