#include <pyactor/test/supervisors/world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace failed_starts_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

const supervisor_flags many{.intensity = 100, .period = 1h};

/// A supervisor whose `start_child` of "c" has failed, but whose incarnation of
/// it has yet to end: it awaits a response, and a kill has to wait for that.
struct in_failed_start {
  in_failed_start() {
    auto start = [this, content = content](const start_context& context) {
      ack = context.ack();
      auto child
        = context.spawn([silent = silent](caf::event_based_actor* self) {
            self->request(silent, caf::infinite, 1).await([](int) {});
            return caf::behavior{[](int) {}};
          });
      incarnation = child.address();
      return child;
    };
    w.start(many, {});
    starter = w.order(start_child{{.id = "c", .start = start}});
    ack(crash("no model"));
    w.run();
    CHECK(w.info("c").status == child_status::stopping);
    CHECK_FALSE(starter.answered());
  }

  ~in_failed_start() {
    caf::anon_send_exit(w.supervisor, caf::exit_reason::kill);
    let_end();
    w.clients = {silent, caf::actor_cast<caf::actor>(incarnation)};
    silent = nullptr;
  }

  void let_end() {
    caf::anon_send(silent, open_gate{});
    w.run();
  }

  /// What the spec holds.
  std::shared_ptr<int> content = std::make_shared<int>();
  init_ack ack;
  caf::actor_addr incarnation;
  world w;
  caf::actor silent = w.system.spawn(silent_until_open);
  world::pending starter;
};

} // namespace

TEST_CASE(
  "a start_child that fails leaves no spec, even if somebody terminates "
  "the child meanwhile",
  "[failed_starts]") {
  in_failed_start x;
  std::vector<world::pending> stops{x.w.order(terminate_child{"c"})};
  std::vector<world::pending> later;
  SECTION("once") {
  }
  SECTION("twice") {
    stops.push_back(x.w.order(terminate_child{"c"}));
  }
  SECTION("with more orders behind, which find no child") {
    later.push_back(x.w.order(restart_child{"c"}));
    later.push_back(x.w.order(terminate_child{"c"}));
    later.push_back(x.w.order(cycle_child{"c"}));
    later.push_back(x.w.order(delete_child{"c"}));
  }
  for (const auto& order : {stops, later})
    CHECK(std::ranges::none_of(order, &world::pending::answered));
  x.let_end();
  CHECK(x.starter.failed_with(sup_errc::start_failed));
  CHECK(x.starter.error().message == "no model");
  CHECK(std::ranges::all_of(stops, &world::pending::ok));
  for (const auto& order : later)
    CHECK(order.failed_with(sup_errc::not_found));
  CHECK(x.w.which().empty());
  CHECK(x.content.use_count() == 1);
  CHECK_FALSE(caf::actor_cast<caf::actor>(x.incarnation));
  CHECK(x.w.order(start_child{x.w.spec("c")}).ok());
  x.w.advance(1h); // no timer of the old child meets the new one
  CHECK(x.w.which() == "c:running");
  CHECK(x.w.alive("c"));
  CHECK(x.w.statistics().stale_events == 0);
}

TEST_CASE(
  "a start_child whose incarnation is abandoned leaves no spec, even if "
  "somebody terminates the child meanwhile",
  "[failed_starts]") {
  in_failed_start x;
  auto stop = x.w.order(terminate_child{"c"});
  x.w.advance(1s);
  x.w.advance(1s);
  CHECK(x.starter.failed_with(sup_errc::start_failed));
  CHECK(stop.ok());
  CHECK(x.w.which().empty());
  CHECK(x.w.order(start_child{x.w.spec("c")}).ok());
  x.let_end();
  CHECK(x.w.statistics().zombies.empty());
  CHECK(x.w.which() == "c:running");
  CHECK(x.content.use_count() == 1);
}

TEST_CASE("orders that wait for a start_child that fails find no child, or add "
          "it anew",
          "[failed_starts]") {
  world w;
  w.child("c").start = mode::manual_ack;
  w.start(many, {});
  auto starter = w.order(start_child{w.spec("c")});
  auto restart = w.order(restart_child{"c"});
  auto stop = w.order(terminate_child{"c"});
  auto again = w.order(start_child{w.spec("c")});
  auto remove = w.order(delete_child{"c"});
  for (const auto& order : {starter, restart, stop, again, remove})
    CHECK_FALSE(order.answered());
  w.child("c").start = mode::spawn;
  w.tell("c", die{crash()});
  CHECK(starter.failed_with(sup_errc::start_failed));
  CHECK(restart.failed_with(sup_errc::not_found));
  CHECK(stop.failed_with(sup_errc::not_found));
  CHECK(again.ok());
  CHECK(remove.failed_with(sup_errc::running));
  CHECK(w.which() == "c:running");
  CHECK(w.count() == child_counts{1, 1, 0, 1});
}

TEST_CASE("what a start function starts without the interpreter that its child "
          "is to have for itself has failed to start, and ends",
          "[failed_starts]") {
  world w;
  w.start(many, {});
  auto spec = w.spec("c");
  spec.isolation = isolation::subinterpreter;
  auto order = w.order(start_child{spec});
  CHECK(order.failed_with(sup_errc::start_failed));
  CHECK(order.error().message
        == "the start function starts nothing with an interpreter of its own");
  CHECK(w.which().empty());
  CHECK_FALSE(w.alive("c"));
  spec.start = [start = spec.start](const start_context& context) {
    CHECK(context.isolation() == isolation::subinterpreter);
    context.is_isolated();
    return start(context);
  };
  CHECK(w.order(start_child{spec}).ok());
  CHECK(w.which() == "c:running");
}

} // namespace failed_starts_test
