#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>

namespace auto_shutdown_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

#define TEST(what) TEST_CASE(what, "[auto_shutdown]")

namespace {

const auto normal = caf::error{};
const auto shutdown = caf::make_error(caf::exit_reason::user_shutdown);

/// A supervisor with two significant children, s1 and s2; s2 ends a stop as if
/// of its own accord.
struct significant_pair : world {
  explicit significant_pair(auto_shutdown end,
                            restart_type type = restart_type::transient) {
    child("s2").last_words = normal;
    auto first = spec("s1", type);
    auto second = spec("s2", type);
    first.significant = second.significant = true;
    start({.intensity = 100, .period = 1h, .auto_shutdown = end},
          {first, second});
  }
};

const auto any = auto_shutdown::any_significant;
const auto all = auto_shutdown::all_significant;

} // namespace

TEST("a significant child that waits for its restart counts as alive") {
  significant_pair w{all};
  w.child("s1").start = child_control::start_mode::refuse;
  w.tell("s1", die{crash()});
  w.tell("s2", die{normal});
  CHECK_FALSE(w.supervisor_end);
}

TEST("a restart of significant children that has nothing to start ends no "
     "supervisor") {
  using mode = child_control::start_mode;
  auto nothing_to_start = GENERATE(mode::ignore, mode::decline);
  for (auto end : {any, all}) {
    significant_pair w{end};
    for (const char* id : {"s1", "s2"}) {
      w.child(id).start = nothing_to_start;
      w.tell(id, die{crash()});
    }
    CHECK(w.which() == "s2:stopped s1:stopped");
    CHECK_FALSE(w.supervisor_end);
    CHECK_FALSE(std::ranges::any_of(w.events, [](const auto& event) {
      return event.what == supervision_event::kind::auto_shutdown;
    }));
  }
}

TEST("a significant child that turns out to have nothing to do is no reason to "
     "stay after all others have ended") {
  for (auto runs : {false, true}) {
    significant_pair w{all};
    w.child("s1").start = child_control::start_mode::manual_ack;
    w.tell("s1", die{crash()});
    w.tell("s2", die{normal});
    CHECK_FALSE(w.supervisor_end); // s1 is about to come back
    if (runs) {
      w.child("s1").acks.back()();
      w.run();
      w.tell("s1", die{crash()});
    }
    CHECK_FALSE(w.supervisor_end);
    w.child("s1").acks.back()(start_ignored{});
    w.run();
    // What came back and ended again decides for itself.
    CHECK(w.supervisor_end.has_value() == !runs);
  }
}

TEST(
  "a reload to another auto_shutdown forgets whose turn it would have been") {
  significant_pair w{all};
  auto specs = std::vector{*w.spec_of("s1"), *w.spec_of("s2")};
  w.child("s1").start = child_control::start_mode::manual_ack;
  w.tell("s1", die{crash()});
  w.tell("s2", die{normal});
  auto reloaded
    = w.reload({.intensity = 100, .period = 1h, .auto_shutdown = any}, specs,
               reload_mode::otp);
  REQUIRE(reloaded->value().result);
  w.child("s1").acks.back()(start_ignored{});
  w.run();
  CHECK(w.which() == "s2:stopped s1:stopped");
  CHECK_FALSE(w.supervisor_end);
}

TEST("what somebody orders ends no supervisor") {
  for (auto type : {restart_type::transient, restart_type::temporary}) {
    significant_pair w{any, type};
    CHECK(w.order(terminate_child{"s1"}).ok());
    CHECK(w.order(cycle_child{"s2"}).ok());
    CHECK_FALSE(w.supervisor_end);
  }
}

TEST("a significant end before its turn to stop with a group ends no "
     "supervisor") {
  for (auto end : {any, all}) {
    world w;
    auto first = w.spec("s", restart_type::transient);
    first.significant = true;
    w.child("slow").farewell = 1s;
    w.start({.strategy = restart_strategy::one_for_all, .auto_shutdown = end},
            {first, w.spec("failing"), w.spec("slow")});
    w.tell("failing", die{crash()});
    CHECK(w.alive("slow"));
    w.tell("s", die{normal});
    CHECK_FALSE(w.supervisor_end);
    w.advance(1s);
    CHECK_FALSE(w.supervisor_end);
    CHECK(w.which() == "slow:running failing:running s:running");
  }
}

TEST("a significant end before the list has started takes effect after it") {
  world w;
  auto first = w.spec("s", restart_type::transient);
  first.significant = true;
  w.child("slow").start = child_control::start_mode::manual_ack;
  w.start({.auto_shutdown = any}, {first, w.spec("slow")});
  w.tell("s", die{normal});
  CHECK_FALSE(w.supervisor_end);
  w.child("slow").acks.back()();
  w.run();
  REQUIRE(w.started->has_value());
  CHECK(w.started->value().result.has_value());
  CHECK(w.supervisor_end == shutdown);
}

} // namespace auto_shutdown_test
