#include <pyactor/runtime/error_mapping.hpp>
#include <pyactor/runtime/messages.hpp>
#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <stdexcept>

namespace classification_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using kind = supervision_event::kind;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

/// @returns the reason of an actor whose Python code raised
caf::error raised(pyactor::error what) {
  return pyactor::runtime::to_caf(std::move(what));
}

caf::error system_exit(int code) {
  return raised({.message = std::to_string(code),
                 .type = "builtins.SystemExit",
                 .bases = {"builtins.BaseException"},
                 .exit_code = code});
}

exit_class fatal_if_poisoned(const exit_info& how) {
  return how.message == "poison" ? exit_class::fatal : how.cls;
}

/// One child "c" with this `classify`.
struct classified_child {
  explicit classified_child(classify_fn classify,
                            restart_type type = restart_type::permanent) {
    auto spec = w.spec("c", type);
    spec.classify = std::move(classify);
    w.start(many, {spec, w.spec("sibling")});
    w.events.clear();
  }

  long count(kind what) const {
    return std::ranges::count(w.events, what, &supervision_event::what);
  }

  world w;
};

} // namespace

TEST_CASE("a fatal end leaves even a permanent child stopped, and its "
          "supervisor running",
          "[classification]") {
  for (auto type : {restart_type::permanent, restart_type::transient}) {
    classified_child x{fatal_if_poisoned, type};
    x.w.tell("c", die{crash("poison")});
    x.w.advance(1h);
    CHECK(x.w.which() == "sibling:running c:stopped");
    CHECK(x.w.child("c").starts == 1);
    CHECK(x.w.info("c").given_up);
    CHECK(x.w.info("c").last_exit->cls == exit_class::fatal);
    CHECK(x.w.statistics().restarts == 0);
    REQUIRE(x.count(kind::child_given_up) == 1);
    CHECK(x.w.events.back().id == "c");
    CHECK(x.w.events.back().exit->message == "poison");
  }
}

TEST_CASE("an order brings back a child whose end was fatal, and it is as good "
          "as new",
          "[classification]") {
  classified_child x{fatal_if_poisoned};
  x.w.tell("c", die{crash("poison")});
  SECTION("restart_child") {
    CHECK(x.w.order(restart_child{"c"}).ok());
  }
  SECTION("cycle_child") {
    CHECK(x.w.order(cycle_child{"c"}).ok());
  }
  CHECK_FALSE(x.w.info("c").given_up);
  x.w.tell("c", die{crash()});
  CHECK(x.w.which() == "sibling:running c:running");
}

TEST_CASE("a fatal end drops the spec of a temporary child like any other",
          "[classification]") {
  classified_child x{fatal_if_poisoned, restart_type::temporary};
  x.w.tell("c", die{crash("poison")});
  CHECK(x.w.which() == "sibling:running");
  CHECK(x.count(kind::child_given_up) == 0);
}

TEST_CASE("a restart whose start fails fatally is not tried again",
          "[classification]") {
  classified_child x{[](const exit_info& how) {
    return how.kind == exit_kind::start_failed ? exit_class::fatal : how.cls;
  }};
  x.w.child("c").start = GENERATE(mode::refuse, mode::raise, mode::throw_init);
  x.w.tell("c", die{crash()});
  x.w.advance(1h);
  CHECK(x.w.child("c").starts == 2);
  CHECK(x.w.info("c").status == child_status::stopped);
  CHECK(x.w.info("c").given_up);
  CHECK(x.count(kind::child_given_up) == 1);
  CHECK(x.w.statistics().restarts == 1); // the end before it
}

TEST_CASE("a failed start stays one, whatever classify calls it",
          "[classification]") {
  classified_child x{[](const exit_info&) { return exit_class::normal; }};
  x.w.child("c").start = mode::refuse;
  x.w.tell("c", die{crash()});
  CHECK(x.w.info("c").status == child_status::restarting);
  CHECK(x.w.info("c").last_exit->cls == exit_class::abnormal);
}

TEST_CASE("classify may call a crash normal and a normal end a crash",
          "[classification]") {
  classified_child forgiving{
    [](const exit_info&) { return exit_class::normal; },
    restart_type::transient};
  forgiving.w.tell("c", die{crash()});
  CHECK(forgiving.w.info("c").status == child_status::stopped);
  CHECK_FALSE(forgiving.w.info("c").given_up);
  classified_child strict{[](const exit_info&) { return exit_class::abnormal; },
                          restart_type::transient};
  strict.w.tell("c", die{caf::error{}});
  CHECK(strict.w.child("c").starts == 2);
}

TEST_CASE("what classify throws is counted, and the exit means what it means "
          "by default",
          "[classification]") {
  auto throw_all = [](const exit_info& how) -> exit_class {
    if (how.kind == exit_kind::error)
      throw std::runtime_error{"no opinion"};
    throw 1;
  };
  classified_child x{throw_all, restart_type::transient};
  x.w.tell("c", die{crash()});
  CHECK(x.w.child("c").starts == 2);
  x.w.tell("c", die{caf::error{}});
  CHECK(x.w.info("c").status == child_status::stopped);
  CHECK(x.w.statistics().classify_errors == 2);
  CHECK_FALSE(x.w.supervisor_end);
}

TEST_CASE("classify is not asked about a stop", "[classification]") {
  auto asked = 0;
  classified_child x{[&](const exit_info& how) {
    ++asked;
    return how.cls;
  }};
  x.w.order(terminate_child{"c"});
  x.w.order(restart_child{"c"});
  x.w.order(cycle_child{"c"});
  x.w.stop();
  CHECK(asked == 0);
}

TEST_CASE("an exit carries what its Python exception was, as plain data",
          "[classification]") {
  std::optional<exit_info> seen;
  classified_child x{[&](const exit_info& how) {
    seen = how;
    return how.cls;
  }};
  x.w.tell(
    "c",
    die{raised({.message = "no gpu",
                .type = "torch.OutOfMemoryError",
                .causes = {{"model.Gone", "gone", true, {"builtins.OSError"}},
                           {"builtins.KeyError", "'k'"}},
                .bases = {"builtins.RuntimeError", "builtins.Exception"}})});
  REQUIRE(seen);
  CHECK(seen->kind == exit_kind::error);
  CHECK(seen->cls == exit_class::abnormal);
  REQUIRE(seen->exception);
  CHECK(seen->exception->type == "torch.OutOfMemoryError");
  CHECK(seen->exception->is_a("builtins.RuntimeError"));
  const auto& causes = seen->exception->causes;
  REQUIRE(causes.size() == 2);
  CHECK(causes[0].type == "model.Gone");
  CHECK(causes[0].is_a("builtins.OSError"));
  CHECK(causes[1].type == "builtins.KeyError");
  CHECK(x.w.info("c").last_exit->exception->type == "torch.OutOfMemoryError");
  x.w.tell("c", die{crash()});
  CHECK_FALSE(seen->exception);
}

TEST_CASE("sys.exit() and sys.exit(0) are a normal end, every other code and "
          "KeyboardInterrupt are not",
          "[classification]") {
  auto starts_after = [](const caf::error& reason) {
    world w;
    w.start(many, {w.spec("c", restart_type::transient)});
    w.tell("c", die{reason});
    return w.child("c").starts;
  };
  CHECK(starts_after(system_exit(0)) == 1);
  CHECK(starts_after(system_exit(1)) == 2);
  CHECK(starts_after(system_exit(-1)) == 2);
  CHECK(starts_after(raised({.type = "builtins.KeyboardInterrupt",
                             .bases = {"builtins.BaseException"}}))
        == 2);
}

TEST_CASE("sys.exit(0) before a child is ready is a failed start",
          "[classification]") {
  world w;
  w.start(many, {w.spec("c", restart_type::transient)});
  w.child("c").start = mode::manual_ack;
  w.tell("c", die{crash()});
  w.tell("c", die{system_exit(0)});
  CHECK(w.info("c").status == child_status::restarting);
  CHECK(w.info("c").last_exit->kind == exit_kind::start_failed);
}

} // namespace classification_test
