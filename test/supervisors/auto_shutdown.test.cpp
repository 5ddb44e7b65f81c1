#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

#define TEST(what) TEST_CASE(what, "[auto_shutdown]")

namespace {

const auto normal = caf::error{};
const auto shutdown = caf::make_error(caf::exit_reason::user_shutdown);

/// A supervisor with two significant children, s1 and s2, and one that is not;
/// s2 ends a stop as if of its own accord.
struct significant_pair : world {
  explicit significant_pair(auto_shutdown end,
                            restart_type type = restart_type::transient,
                            restart_strategy strategy
                            = restart_strategy::one_for_one) {
    child("s2").last_words = normal;
    auto first = spec("s1", type);
    auto second = spec("s2", type);
    first.significant = second.significant = true;
    start({.strategy = strategy,
           .intensity = 100,
           .period = 1h,
           .auto_shutdown = end},
          {first, spec("plain", restart_type::transient), second});
    journal.clear();
  }

  bool ended() {
    return supervisor_end && *supervisor_end == shutdown && !alive("s1")
           && !alive("s2") && !alive("plain");
  }
};

const auto any = auto_shutdown::any_significant;
const auto all = auto_shutdown::all_significant;

} // namespace

TEST("with any_significant the first such end is the supervisor's") {
  significant_pair w{any};
  w.tell("s1", die{normal});
  CHECK(w.ended());
  CHECK(w.journal == std::vector<std::string>{"end s1", "end s2", "end plain"});
  CHECK(w.events.back().what == supervision_event::kind::auto_shutdown);
}

TEST("with all_significant the last such end is the supervisor's") {
  significant_pair w{all};
  w.tell("s1", die{normal});
  CHECK_FALSE(w.supervisor_end);
  w.tell("s2", die{shutdown});
  CHECK(w.ended());
}

TEST("any end of a temporary significant child counts") {
  for (const auto& reason : {normal, shutdown, crash()}) {
    significant_pair w{any, restart_type::temporary};
    w.tell("s2", die{reason});
    CHECK(w.ended());
  }
  significant_pair w{any, restart_type::temporary};
  w.kill("s2");
  CHECK(w.ended());
}

TEST("a significant child that comes back ends nothing") {
  for (auto end : {any, all}) {
    significant_pair w{end};
    w.tell("s1", die{crash()});
    w.kill("s2");
    CHECK_FALSE(w.supervisor_end);
    CHECK(w.which() == "s2:running plain:running s1:running");
  }
}

TEST("a significant child that waits for its restart counts as alive") {
  significant_pair w{all};
  w.child("s1").start = child_control::start_mode::refuse;
  w.tell("s1", die{crash()});
  w.tell("s2", die{normal});
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

TEST("other children end no supervisor") {
  for (auto end : {any, all, auto_shutdown::never}) {
    world w;
    w.start({.auto_shutdown = end}, {w.spec("c", restart_type::transient),
                                     w.spec("d", restart_type::temporary)});
    w.tell("c", die{normal});
    w.tell("d", die{crash()});
    CHECK_FALSE(w.supervisor_end);
  }
}

TEST("a group that stops its significant members ends no supervisor") {
  for (auto end : {any, all})
    for (auto strategy :
         {restart_strategy::one_for_one, restart_strategy::one_for_all,
          restart_strategy::rest_for_one}) {
      significant_pair w{end, restart_type::transient, strategy};
      w.kill("plain");
      CHECK_FALSE(w.supervisor_end);
      CHECK(w.which() == "s2:running plain:running s1:running");
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

TEST("a supervisor that ends with its child is a significant end itself") {
  for (auto significant : {true, false}) {
    world w;
    auto inner = w.spec("inner", restart_type::transient);
    inner.significant = true;
    auto middle = child_spec{
      .id = "middle",
      .start = supervise({.auto_shutdown = any}, {inner}),
      .restart = restart_type::transient,
      .significant = significant,
      .type = child_type::supervisor,
    };
    w.start({.auto_shutdown = any}, {w.spec("other"), middle});
    w.tell("inner", die{normal});
    CHECK(w.supervisor_end.has_value() == significant);
    CHECK(w.alive("other") != significant);
  }
}

TEST("a significant child that cannot end its supervisor is refused") {
  world w;
  auto spec = w.spec("s", restart_type::transient);
  spec.significant = true;
  w.start({}, {});
  CHECK(w.order(start_child{spec}).failed_with(sup_errc::invalid_spec));
  for (auto end : {auto_shutdown::never, any, all})
    for (auto type : {restart_type::permanent, restart_type::transient,
                      restart_type::temporary}) {
      spec.restart = type;
      auto is_bad
        = end == auto_shutdown::never || type == restart_type::permanent;
      auto check = check_child_specs({&spec, 1}, end);
      CHECK((check.fault == spec_fault::bad_combination) == is_bad);
    }
}
