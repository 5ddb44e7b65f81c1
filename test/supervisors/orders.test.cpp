#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

namespace orders_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

/// A supervisor with one child "c" that is in this state.
struct in_state {
  explicit in_state(child_status status, mode start = mode::spawn) {
    auto flags = many;
    flags.min_retry_delay = 1h;
    w.start(flags, {w.spec("c")});
    w.child("c").deaf = true;
    switch (status) {
      case child_status::stopped:
        w.order(terminate_child{"c"});
        break;
      case child_status::starting:
        w.order(terminate_child{"c"});
        w.child("c").start = mode::manual_ack;
        starter = w.order(restart_child{"c"});
        break;
      case child_status::stopping:
        w.order(cycle_child{"c"}); // makes it deaf
        stopper = w.order(terminate_child{"c"});
        break;
      case child_status::restarting:
        w.child("c").start = mode::throw_init;
        w.tell("c", die{crash()});
        break;
      default:
        break;
    }
    REQUIRE(w.info("c").status == status);
    w.child("c").start = start;
  }

  world w;
  world::pending starter;
  world::pending stopper;
};

using enum child_status;

} // namespace

TEST_CASE("terminate_child stops a child in every state and is idempotent",
          "[orders]") {
  SECTION("stopped") {
    in_state x{stopped};
    CHECK(x.w.order(terminate_child{"c"}).ok());
  }
  SECTION("running") {
    in_state x{running};
    CHECK(x.w.order(terminate_child{"c"}).ok());
  }
  SECTION("starting: the starter is told") {
    in_state x{starting};
    CHECK(x.w.order(terminate_child{"c"}).ok());
    CHECK(x.starter.failed_with(sup_errc::terminated));
    CHECK_FALSE(x.w.alive("c"));
  }
  SECTION("stopping: both are answered by the one stop") {
    in_state x{stopping};
    auto second = x.w.order(terminate_child{"c"});
    CHECK_FALSE(second.answered());
    x.w.advance(5s);
    CHECK(x.stopper.ok());
    CHECK(second.ok());
    CHECK(x.w.statistics().kills == 1);
  }
  SECTION("restarting: the restart is cancelled") {
    in_state x{restarting};
    auto starts = x.w.child("c").starts;
    CHECK(x.w.order(terminate_child{"c"}).ok());
    x.w.advance(2h);
    CHECK(x.w.child("c").starts == starts);
  }
}

TEST_CASE("terminate_child of an unknown child is not_found", "[orders]") {
  in_state x{running};
  CHECK(x.w.order(terminate_child{"x"}).failed_with(sup_errc::not_found));
}

TEST_CASE("terminate_child drops the spec of a temporary child", "[orders]") {
  world w;
  w.start(many, {w.spec("c", restart_type::temporary)});
  CHECK(w.order(terminate_child{"c"}).ok());
  CHECK(w.which().empty());
  CHECK(w.order(restart_child{"c"}).failed_with(sup_errc::not_found));
}

TEST_CASE("terminating and restarting costs no intensity", "[orders]") {
  world w;
  w.start({.intensity = 0}, {w.spec("c")});
  for (int i = 0; i < 20; ++i) {
    CHECK(w.order(terminate_child{"c"}).ok());
    CHECK(w.order(restart_child{"c"}).ok());
  }
  CHECK(w.statistics().restarts == 0);
  CHECK_FALSE(w.supervisor_end);
}

TEST_CASE("restart_child answers by the state of the child", "[orders]") {
  SECTION("stopped") {
    in_state x{stopped};
    auto result = x.w.order(restart_child{"c"});
    CHECK(result.ok());
    CHECK(x.w.info("c").incarnation == result.value());
    CHECK(x.w.info("c").status == running);
  }
  SECTION("running") {
    in_state x{running};
    CHECK(x.w.order(restart_child{"c"}).failed_with(sup_errc::running));
  }
  SECTION("starting: waits, and then it runs already") {
    in_state x{starting};
    auto result = x.w.order(restart_child{"c"});
    CHECK_FALSE(result.answered());
    x.w.child("c").acks.back()();
    x.w.run();
    CHECK(x.starter.ok());
    CHECK(result.failed_with(sup_errc::running));
  }
  SECTION("stopping: runs after the stop") {
    in_state x{stopping};
    auto result = x.w.order(restart_child{"c"});
    CHECK_FALSE(result.answered());
    x.w.advance(5s);
    CHECK(x.stopper.ok());
    CHECK(result.ok());
    CHECK(x.w.info("c").status == running);
  }
  SECTION("restarting") {
    in_state x{restarting};
    CHECK(x.w.order(restart_child{"c"}).failed_with(sup_errc::restarting));
  }
  SECTION("unknown") {
    in_state x{running};
    CHECK(x.w.order(restart_child{"x"}).failed_with(sup_errc::not_found));
  }
}

TEST_CASE("delete_child drops the spec of a stopped child only", "[orders]") {
  SECTION("stopped") {
    in_state x{stopped};
    CHECK(x.w.order(delete_child{"c"}).ok());
    CHECK(x.w.which().empty());
    CHECK(x.w.order(delete_child{"c"}).failed_with(sup_errc::not_found));
  }
  SECTION("running") {
    in_state x{running};
    CHECK(x.w.order(delete_child{"c"}).failed_with(sup_errc::running));
  }
  SECTION("starting") {
    in_state x{starting};
    CHECK(x.w.order(delete_child{"c"}).failed_with(sup_errc::running));
  }
  SECTION("stopping: after the stop") {
    in_state x{stopping};
    auto result = x.w.order(delete_child{"c"});
    auto again = x.w.order(start_child{x.w.spec("c")});
    CHECK_FALSE(result.answered());
    x.w.advance(5s);
    CHECK(result.ok());
    CHECK(again.ok());
    CHECK(x.w.info("c").status == running);
  }
  SECTION("restarting") {
    in_state x{restarting};
    CHECK(x.w.order(delete_child{"c"}).failed_with(sup_errc::restarting));
  }
}

TEST_CASE("start_child of an id in use answers by the state of the child",
          "[orders]") {
  struct row {
    child_status status;
    sup_errc expected;
  };

  for (auto [status, expected] : {row{stopped, sup_errc::already_present},
                                  row{starting, sup_errc::already_started},
                                  row{running, sup_errc::already_started},
                                  row{restarting, sup_errc::already_present}}) {
    in_state x{status};
    CHECK(x.w.order(start_child{x.w.spec("c")}).failed_with(expected));
  }
  in_state x{stopping};
  auto result = x.w.order(start_child{x.w.spec("c")});
  CHECK_FALSE(result.answered());
  x.w.advance(5s);
  CHECK(result.failed_with(sup_errc::already_present));
}

TEST_CASE("a new child comes last in the start order", "[orders]") {
  world w;
  w.start(many, {w.spec("a")});
  CHECK(w.order(start_child{w.spec("b")}).ok());
  CHECK(w.order(start_child{w.spec("c")}).ok());
  CHECK(w.which() == "c:running b:running a:running");
}

TEST_CASE("cycle_child gives a child fresh state at no cost", "[orders]") {
  world w;
  w.start({.intensity = 0}, {w.spec("a"), w.spec("c")});
  w.journal.clear();
  auto result = w.order(cycle_child{"c"});
  CHECK(result.value() == 3);
  CHECK(w.journal == std::vector<std::string>{"end c", "start c"});
  CHECK(*w.child("c").ends[0] == caf::exit_reason::user_shutdown);
  CHECK(w.statistics().restarts == 0);
  CHECK(w.which() == "c:running a:running");
}

TEST_CASE("cycle_child brings back a child of every type, and a stopped one",
          "[orders]") {
  using enum restart_type;
  for (auto type : {permanent, transient, temporary}) {
    world w;
    w.start(many, {w.spec("c", type)});
    CHECK(w.order(cycle_child{"c"}).value() == 2);
    CHECK(w.which() == "c:running");
  }
  in_state x{stopped};
  CHECK(x.w.order(cycle_child{"c"}).ok());
  CHECK(x.w.info("c").status == running);
}

TEST_CASE("cycle_child leaves alone what comes back anyway", "[orders]") {
  in_state x{restarting};
  CHECK(x.w.order(cycle_child{"c"}).failed_with(sup_errc::restarting));
}

TEST_CASE("two concurrent resets are one", "[orders]") {
  in_state x{running};
  x.w.order(cycle_child{"c"}); // now deaf
  auto first = x.w.order(cycle_child{"c"});
  auto second = x.w.order(cycle_child{"c"});
  CHECK_FALSE(first.answered());
  x.w.advance(5s);
  CHECK(first.value() == second.value());
  CHECK(x.w.child("c").starts == 3);
}

TEST_CASE("a reset whose start fails answers with the failure and leaves the "
          "child stopped",
          "[orders]") {
  in_state x{running, mode::throw_init};
  auto result = x.w.order(cycle_child{"c"});
  CHECK(result.failed_with(sup_errc::start_failed));
  CHECK(result.error().message == "init raised");
  CHECK(x.w.info("c").status == stopped);
  CHECK(x.w.statistics().restarts == 0);
}

TEST_CASE("terminate_child takes a reset back", "[orders]") {
  in_state x{running};
  x.w.order(cycle_child{"c"}); // now deaf
  auto reset = x.w.order(cycle_child{"c"});
  auto stop = x.w.order(terminate_child{"c"});
  x.w.advance(5s);
  CHECK(reset.failed_with(sup_errc::terminated));
  CHECK(stop.ok());
  CHECK(x.w.info("c").status == stopped);
}

TEST_CASE("orders for one child take effect in the order of their arrival",
          "[orders]") {
  in_state x{stopping};
  auto restart = x.w.order_later(restart_child{"c"});
  auto terminate = x.w.order_later(terminate_child{"c"});
  auto again = x.w.order_later(restart_child{"c"});
  auto remove = x.w.order_later(delete_child{"c"});
  x.w.run();
  x.w.child("c").deaf = false;
  x.w.advance(5s);
  CHECK(x.stopper.ok());
  CHECK(restart.failed_with(sup_errc::terminated)); // while it was starting
  CHECK(terminate.ok());
  CHECK(again.ok());
  CHECK(x.w.info("c").incarnation == again.value());
  CHECK(remove.failed_with(sup_errc::running));
}

TEST_CASE("a slow stop of one child delays no order and no restart of another",
          "[orders]") {
  in_state x{stopping};
  CHECK(x.w.order(start_child{x.w.spec("d")}).ok());
  x.w.tell("d", die{crash()});
  CHECK(x.w.child("d").starts == 2);
  CHECK(x.w.which() == "d:running c:stopping");
  CHECK(x.w.count() == child_counts{2, 2, 0, 2});
}

TEST_CASE("once the supervisor stops, it takes no more orders but answers "
          "questions",
          "[orders]") {
  in_state x{stopping};
  auto queued = x.w.order(restart_child{"c"});
  x.w.stop();
  CHECK(queued.failed_with(sup_errc::shutting_down));
  CHECK(
    x.w.order(start_child{x.w.spec("d")}).failed_with(sup_errc::shutting_down));
  CHECK(x.w.order(restart_child{"c"}).failed_with(sup_errc::shutting_down));
  CHECK(x.w.order(terminate_child{"c"}).failed_with(sup_errc::shutting_down));
  CHECK(x.w.order(delete_child{"c"}).failed_with(sup_errc::shutting_down));
  CHECK(x.w.order(cycle_child{"c"}).failed_with(sup_errc::shutting_down));
  CHECK(x.w.which() == "c:stopping");
  x.w.advance(5s);
  CHECK(x.stopper.ok());
  CHECK(x.w.supervisor_end.has_value());
}

TEST_CASE("a killed supervisor answers every order that it had accepted",
          "[orders]") {
  in_state x{stopping};
  auto queued = x.w.order(restart_child{"c"});
  caf::anon_send_exit(x.w.supervisor, caf::exit_reason::kill);
  x.w.run();
  CHECK(x.stopper.failed_with(sup_errc::supervisor_down));
  CHECK(queued.failed_with(sup_errc::supervisor_down));
}

TEST_CASE("a child that runs shows how long it has", "[orders]") {
  world w;
  w.start(many, {w.spec("a")});
  w.advance(3s);
  CHECK(w.info("a").uptime == 3s);
  w.order(terminate_child{"a"});
  CHECK(w.info("a").uptime == 0s);
}

} // namespace orders_test
