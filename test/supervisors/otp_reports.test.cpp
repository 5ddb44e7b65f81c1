// Cases of OTP's own test suite about what a supervisor tells of its children,
// under their names there; README.md lists them.

#include <pyactor/supervisors/engine/watch.hpp>
#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/captured_log.hpp>
#include <pyactor/test/supervisors/otp_world.hpp>

#include <catch2/catch_test_macros.hpp>

namespace otp_reports_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_reports]")

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

std::string number_of(const world& w) {
  return std::to_string(w.supervisor->id());
}

} // namespace

TEST("external_start_no_progress_log",
     "a child that somebody starts is no news; the first is its crash") {
  otp_world w;
  w.start(many, {});
  captured_log log{spdlog::level::info};
  CHECK(w.order(start_child{w.spec("a")}).ok());
  CHECK(log.lines().empty());
  w.tell("a", die{crash("no disk")});
  REQUIRE_FALSE(log.lines().empty());
  CHECK(log.lines().front()
        == "info supervisor " + number_of(w)
             + ": exited 'a' #1: error: no disk");
}

TEST("child_unlink", "a child whose end the supervisor does not hear of stops "
                     "all the same, and holds up nobody") {
  otp_world w;
  w.start(many, {w.spec("a"), w.spec("b")});
  engine::unwatch(caf::actor_cast<caf::strong_actor_ptr>(w.last_handle("a")),
                  {w.supervisor.address(), 1});
  auto stop = w.order(terminate_child{"a"});
  CHECK_FALSE(w.alive("a"));
  CHECK_FALSE(stop.answered());
  for (int i = 0; i < 10; ++i)
    caf::anon_send(w.supervisor, i);
  w.advance(5s);
  CHECK(w.order(cycle_child{"b"}).ok());
  CHECK(w.statistics().stray_messages == 10);
  w.advance(1s);
  CHECK(stop.ok());
  CHECK(w.which() == "b:running a:stopped");
}

TEST("get_callback_module", "a tree says what each supervisor is") {
  otp_world w;
  auto sub = otp_supervise({.strategy = restart_strategy::rest_for_one}, {});
  w.start(many, {{.id = "sub", .start = sub, .type = child_type::supervisor}});
  std::optional<tree_node> seen;
  auto client = w.system.spawn([&](caf::event_based_actor* self) {
    self->request(w.supervisor, caf::infinite, get_tree{})
      .then([&](const get_tree_reply& reply) { seen = reply.result.value(); });
  });
  w.run();
  REQUIRE(seen);
  REQUIRE(seen->supervisor);
  CHECK(seen->supervisor->strategy == restart_strategy::one_for_one);
  const auto& below = seen->children.at(0);
  CHECK(below.type == child_type::supervisor);
  REQUIRE(below.supervisor);
  CHECK(below.supervisor->strategy == restart_strategy::rest_for_one);
}

TEST("format_log_1, format_log_2",
     "a report is one line of bounded length that names supervisor, child, "
     "incarnation and reason") {
  otp_world w;
  w.start(many, {w.spec("a")});
  captured_log log{spdlog::level::info};
  std::string reason(100'000, 'x');
  w.tell("a", die{crash(reason + "\nat the second line")});
  auto lines = log.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]
        == "info supervisor " + number_of(w)
             + ": exited 'a' #1: error: " + reason.substr(0, 500) + "...");
  CHECK(lines[1].starts_with("info supervisor " + number_of(w)
                             + ": restarted 'a' #2"));
  // All of it is in the event.
  CHECK(w.info("a").last_exit->message == reason + "\nat the second line");
}

TEST("format_log_1, format_log_2", "a report ends within no character") {
  exit_info how{.kind = exit_kind::error};
  // Two bytes each: the limit falls into the middle of one.
  how.message = "x";
  for (int i = 0; i < 500; ++i)
    how.message += "\u00e4";
  auto text = to_string(how);
  CHECK(text.size() == std::string{"error: "}.size() + 499 + 3);
  CHECK(text.ends_with("\u00e4..."));
}

} // namespace otp_reports_test
