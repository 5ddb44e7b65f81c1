// What a tree tells while it lives.

#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/supervisors/tree.hpp>
#include <pyactor/test/supervisors/tree_world.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace live_tree_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using nlohmann::json;
using mode = child_control::start_mode;

namespace {

/// Time to let a held message go.
struct let_go {};

} // namespace

} // namespace live_tree_test

PYACTOR_LOCAL_MESSAGE(live_tree_test::let_go)

namespace live_tree_test {

namespace {

/// A supervisor, says its spec, but it takes no message at all.
child_spec deaf(std::string id) {
  return {.id = std::move(id),
          .start = started_on_spawn([](const start_context& context) {
            return context.spawn([](caf::event_based_actor* self) {
              self->set_default_handler(caf::skip);
              return caf::behavior{[](int) {}};
            });
          }),
          .type = child_type::supervisor};
}

/// Hands the first message that it gets to `whom`, but late.
caf::behavior delay(caf::event_based_actor* self, const caf::actor& whom,
                    std::chrono::nanoseconds by) {
  auto held = std::make_shared<caf::mailbox_element_ptr>();
  self->attach_functor([whom](const caf::error&) {
    caf::anon_send_exit(whom, caf::exit_reason::kill);
  });
  self->set_default_handler(
    [=](caf::scheduled_actor*,
        caf::message_view& what) -> caf::result<caf::message> {
      const auto& now = *self->current_mailbox_element();
      *held = caf::make_mailbox_element(now.sender, now.mid, {},
                                        what.move_content_to_message());
      self->delayed_send(self, by, let_go{});
      return caf::delegated<caf::message>{};
    });
  return {[=](let_go) {
    caf::actor_cast<caf::strong_actor_ptr>(whom)->enqueue(std::move(*held),
                                                          nullptr);
  }};
}

/// A supervisor that takes `by` to answer.
child_spec slow_group(std::string id, std::vector<child_spec> specs,
                      std::chrono::nanoseconds by) {
  auto result = group(std::move(id), std::move(specs));
  result.start = [by, start = result.start](const start_context& context) {
    return context.spawn(delay, std::get<caf::actor>(start(context)), by);
  };
  return result;
}

size_t count_nodes(const tree_node& node) {
  size_t result = 1;
  for (auto& child : node.children)
    result += count_nodes(child);
  return result;
}

} // namespace

TEST_CASE("a tree shows children that start and stop", "[live_tree]") {
  world w;
  w.child("slow").start = mode::manual_ack;
  w.start(many, {group("group", {w.spec("slow"), w.spec("next")})});
  auto seen = look(w);
  CHECK(seen.status == child_status::starting);
  REQUIRE(seen.children.size() == 1);
  CHECK(seen.children[0].status == child_status::starting);
  REQUIRE(seen.children[0].children.size() == 2);
  CHECK(seen.children[0].children[0].status == child_status::starting);
  CHECK(seen.children[0].children[1].status == child_status::stopped);
  w.child("next").deaf = true;
  w.child("slow").acks[0]();
  w.run();
  CHECK(look(w).children[0].children[1].status == child_status::running);
  w.stop();
  seen = look(w);
  CHECK(seen.status == child_status::stopping);
  CHECK(seen.children[0].status == child_status::stopping);
  CHECK(seen.children[0].children[1].status == child_status::stopping);
}

TEST_CASE("a child has a context only while an incarnation is there",
          "[live_tree]") {
  world w;
  auto first = true;
  auto spec = w.spec("a");
  spec.start = [&, start = spec.start](const start_context& context) {
    if (std::exchange(first, false))
      context.runs_in("default/0");
    return start(context);
  };
  w.start(many, {spec});
  CHECK(w.info("a").context == "default/0");
  CHECK(look(w).children[0].context == "default/0");
  w.order(terminate_child{"a"});
  CHECK(look(w).children[0].context.empty());
  w.order(restart_child{"a"});
  CHECK(look(w).children[0].status == child_status::running);
  CHECK(look(w).children[0].context.empty());
}

TEST_CASE("a supervisor below that does not answer in time is shown as such",
          "[live_tree]") {
  world w;
  w.start(many, {group("group", {deaf("inner"), w.spec("leaf")}), deaf("outer"),
                 w.spec("a")});
  auto reply = w.ask<get_tree_reply>(get_tree{3s});
  w.run();
  w.advance(2999ms);
  CHECK_FALSE(reply->has_value());
  w.advance(1ms);
  REQUIRE(reply->has_value());
  auto seen = reply->value().result.value();
  CHECK(seen.error.empty());
  REQUIRE(seen.children.size() == 3);
  auto& group = seen.children[0];
  REQUIRE(group.children.size() == 2);
  for (auto* node : {&seen.children[1], &group.children[0]}) {
    CHECK(node->status == child_status::running);
    CHECK(node->error == "no answer in time");
    CHECK_FALSE(node->supervisor);
    CHECK(node->children.empty());
  }
  CHECK(group.children[1].id == "leaf");
  CHECK(seen.children[2].id == "a");
  CHECK(to_text(seen).find("no answer in time") != std::string::npos);
  CHECK(json::parse(to_json(seen))["children"][1]["error"]
        == "no answer in time");
}

TEST_CASE("the timeout is one for all levels", "[live_tree]") {
  world w;
  w.start(many, {slow_group("slow", {deaf("inner"), w.spec("leaf")}, 2s)});
  auto reply = w.ask<get_tree_reply>(get_tree{3s});
  w.run();
  w.advance(2s);
  CHECK_FALSE(reply->has_value());
  w.advance(1s);
  REQUIRE(reply->has_value());
  auto slow = reply->value().result->children.at(0);
  REQUIRE(slow.children.size() == 2);
  CHECK(slow.error.empty());
  CHECK(slow.children[0].error == "no answer in time");
  CHECK(slow.children[1].status == child_status::running);
}

TEST_CASE("a supervisor below that ends meanwhile is shown as such",
          "[live_tree]") {
  world w;
  caf::actor victim;
  auto spec = deaf("victim");
  spec.restart = restart_type::temporary;
  spec.start = [&, start = spec.start](const start_context& context) {
    auto result = start(context);
    victim = std::get<caf::actor>(result);
    return result;
  };
  w.start(many, {spec, w.spec("a")});
  auto reply = w.ask<get_tree_reply>(get_tree{});
  w.run();
  CHECK_FALSE(reply->has_value());
  caf::anon_send_exit(victim, caf::exit_reason::kill);
  victim = nullptr;
  w.run();
  REQUIRE(reply->has_value());
  auto seen = reply->value().result.value();
  REQUIRE(seen.children.size() == 2);
  CHECK(seen.children[0].error == "ended before it had answered");
  CHECK(look(w).children.size() == 1);
}

TEST_CASE("an actor that is no supervisor, though its spec says so, is shown",
          "[live_tree]") {
  world w;
  auto spec = w.spec("a");
  spec.type = child_type::supervisor;
  w.start(many, {spec});
  CHECK(look(w).children[0].error == "does not answer as a supervisor");
}

TEST_CASE("looking at a supervisor that ends fails with supervisor_down",
          "[live_tree]") {
  world w;
  w.start(many, {w.spec("a")});
  std::optional<get_tree_reply> reply;
  w.system.spawn([&, top = w.supervisor](caf::event_based_actor* self) {
    self->request(top, caf::infinite, get_tree{})
      .then([&](const get_tree_reply& what) { reply = what; },
            [](const caf::error&) {});
    caf::anon_send_exit(top, caf::exit_reason::kill);
  });
  w.run();
  REQUIRE(reply);
  CHECK(reply->result.error().code == sup_errc::supervisor_down);
}

TEST_CASE("a wide tree is shown whole", "[live_tree]") {
  world w;
  std::vector<child_spec> specs;
  for (int i = 0; i < 1000; ++i)
    specs.push_back(w.spec("child-" + std::to_string(i)));
  w.start(many, specs);
  auto seen = look(w);
  REQUIRE(seen.children.size() == 1000);
  CHECK(seen.children.front().id == "child-0");
  CHECK(seen.children.back().id == "child-999");
  CHECK(lines_of(to_text(seen)).size() == 1002);
  CHECK(json::parse(to_json(seen))["children"].size() == 1000);
}

TEST_CASE("a deep tree is shown whole", "[live_tree]") {
  world w;
  auto specs = std::vector{w.spec("leaf")};
  for (int depth = 1; depth < 20; ++depth)
    specs = {group("level-" + std::to_string(20 - depth), specs)};
  w.start(many, specs);
  auto seen = look(w);
  CHECK(count_nodes(seen) == 21);
  auto lines = lines_of(to_text(seen));
  REQUIRE(lines.size() == 22);
  CHECK(lines[21].find("└── leaf  worker") == 4 * 19);
  auto parsed = json::parse(to_json(seen));
  auto* node = &parsed;
  for (int depth = 0; depth < 20; ++depth)
    node = &node->at("children").at(0);
  CHECK(node->at("id") == "leaf");
}

TEST_CASE(
  "a Python child is shown with its context and the exception that ended "
  "it",
  "[live_tree]") {
  pyactor::test::runtime_world world;
  auto what = pyactor::actor_class::from_source(R"(
import pyactor

class Main(pyactor.Actor):
    def fail(self, number):
        raise ValueError(f"no {number}")
)",
                                                "Main");
  auto top
    = start_supervisor(world.system(), many,
                       {{.id = "python",
                         .start = start_python(world.python(), std::move(what)),
                         .restart = restart_type::transient}})
        .value();
  REQUIRE(top.statistics());
  CHECK(tree(top)->children[0].context == "default/0");
  CHECK_FALSE(world.call(top.child("python").current().value(), "fail", 5));
  REQUIRE(world.eventually(
    [&] { return top.child("python").incarnation() == incarnation_id{2}; }));
  auto seen = tree(top).value();
  CHECK(seen.children[0].restarts == 1);
  CHECK(seen.children[0].context == "default/0");
  CHECK(seen.children[0].last_exit == "ValueError: no 5");
  CHECK(seen.uptime >= seen.children[0].uptime);
  CHECK(to_text(seen).find("default/0  last exit: ValueError: no 5\n")
        != std::string::npos);
  REQUIRE(top.stop());
  CHECK(tree(top).error().code == sup_errc::supervisor_down);
}

TEST_CASE("a blocking look takes no longer than its timeout", "[live_tree]") {
  pyactor::test::runtime_world world;
  auto top = start_supervisor(world.system(), many, {deaf("deaf")}).value();
  auto start = std::chrono::steady_clock::now();
  auto seen = tree(top, 50ms);
  CHECK(std::chrono::steady_clock::now() - start >= 50ms);
  REQUIRE(seen);
  CHECK(seen->children[0].error == "no answer in time");
  REQUIRE(top.stop());
}

} // namespace live_tree_test
