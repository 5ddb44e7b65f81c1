#include <pyactor/supervisors/tree.hpp>

#include <pyactor/supervisors/python_child.hpp>
#include <pyactor/test/supervisors/world.hpp>
#include <pyactor/test/support/runtime_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <sstream>

#include <nlohmann/json.hpp>

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using nlohmann::json;
using mode = child_control::start_mode;

namespace {

/// Time to let a held message go.
struct let_go {};

} // namespace

PYACTOR_LOCAL_MESSAGE(let_go)

namespace {

const supervisor_flags many{.intensity = 100, .period = 1min};

/// Not to be printed, nor to be broken by: quotes, controls, invalid UTF-8.
const std::string odd = "say \"a\\b\"\n\x01\x7f\xff\xc2\x9b é";

child_spec group(std::string id, std::vector<child_spec> specs) {
  return {.id = std::move(id),
          .start = supervise(many, std::move(specs)),
          .type = child_type::supervisor};
}

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

tree_node look(world& w) {
  auto reply = w.ask<get_tree_reply>(get_tree{});
  w.run();
  return reply->value().result.value();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

tree_node odd_tree() {
  tree_node child{.id = odd, .last_exit = odd, .context = odd};
  tree_node result{.type = child_type::supervisor, .children = {child}};
  result.supervisor = supervisor_summary{.zombies = {{odd, 7, odd}}};
  return result;
}

size_t count_nodes(const tree_node& node) {
  size_t result = 1;
  for (auto& child : node.children)
    result += count_nodes(child);
  return result;
}

} // namespace

TEST_CASE("a tree prints as a table", "[tree]") {
  world w;
  w.start({.intensity = 2, .period = 1min},
          {w.spec("predictor"),
           group("group", {w.spec("leaf", restart_type::temporary)}),
           w.spec("last")});
  w.tell("predictor", die{crash("no 5")});
  w.advance(42500ms);
  CHECK(lines_of(to_text(look(w)))
        == std::vector<std::string>{
          "ID             TYPE        STATE    RUN  RESTARTS  UPTIME  NOTES",
          "supervisor     supervisor  running                  42.5s  "
          "one_for_one, 1 of 2 restarts in 60s",
          "├── predictor  worker      running   #4         1   42.5s  "
          "last exit: no 5",
          "├── group      supervisor  running   #2         0   42.5s  "
          "one_for_one, 0 of 100 restarts in 60s",
          "│   └── leaf   worker      running   #1         0   42.5s",
          "└── last       worker      running   #3         0   42.5s"});
}

TEST_CASE("a tree prints as JSON", "[tree]") {
  world w;
  auto placed = w.spec("placed");
  placed.start = [start = placed.start](const start_context& context) {
    context.runs_in("default/0");
    return start(context);
  };
  auto tagged = w.spec("leaf", restart_type::transient);
  tagged.tags = {"gpu", "v2"};
  w.start({.intensity = 2, .period = 1min}, {placed, group("group", {tagged})});
  w.tell("placed", die{crash("no 5")});
  w.tell("leaf", die{});
  w.advance(1500ms);
  auto leaf = json{
    {"id", "leaf"},           {"type", "worker"},      {"status", "stopped"},
    {"restart", "transient"}, {"incarnation", 1},      {"starts", 1},
    {"restarts", 0},          {"last_exit", "normal"}, {"uptime", nullptr},
    {"context", nullptr},     {"ready", false},        {"throttled", false},
    {"tags", {"gpu", "v2"}}};
  auto group = json{{"id", "group"},
                    {"type", "supervisor"},
                    {"status", "running"},
                    {"restart", "permanent"},
                    {"incarnation", 2},
                    {"starts", 1},
                    {"restarts", 0},
                    {"last_exit", nullptr},
                    {"uptime", 1.5},
                    {"ready", true},
                    {"throttled", false},
                    {"context", nullptr},
                    {"tags", json::array()},
                    {"supervisor",
                     {{"strategy", "one_for_one"},
                      {"intensity", 100},
                      {"period", 60.0},
                      {"window_used", 0},
                      {"queue_length", 0},
                      {"stale_events", 0},
                      {"lost_requests", 0},
                      {"zombies", json::array()}}},
                    {"error", nullptr},
                    {"children", json::array({leaf})}};
  auto seen = json::parse(to_json(look(w)));
  CHECK(seen["id"] == nullptr);
  CHECK(seen["restart"] == nullptr);
  CHECK(seen["supervisor"]["window_used"] == 1);
  REQUIRE(seen["children"].size() == 2);
  CHECK(seen["children"][1] == group);
  auto& first = seen["children"][0];
  CHECK(first["context"] == "default/0");
  CHECK(first["last_exit"] == "no 5");
  CHECK(first["incarnation"] == 3);
  CHECK_FALSE(first.contains("children"));
}

TEST_CASE("the last exit is one line, without a traceback", "[tree]") {
  world w;
  w.start(many, {w.spec("ended", restart_type::transient), w.spec("killed"),
                 w.spec("refused"), w.spec("python"), w.spec("shy"),
                 w.spec("new"), w.spec("told", restart_type::transient)});
  w.child("refused").start = mode::refuse;
  w.tell("ended", die{});
  w.kill("killed");
  w.tell("refused", die{crash()});
  w.tell("python", die{crash("builtins.ValueError: no 5\nbut 4\nTraceback "
                             "(most recent call last):\n  ...\n"
                             "ValueError: no 5\nbut 4\n")});
  w.tell("shy", die{crash(" \n")});
  w.tell("told", die{shutdown_reason("enough")});
  std::vector<std::string> seen;
  for (auto& child : look(w).children)
    seen.push_back(child.last_exit.value_or("none"));
  CHECK(seen
        == std::vector<std::string>{"normal", "killed", "start_failed: refused",
                                    "ValueError: no 5", "error", "none",
                                    "shutdown: enough"});
}

TEST_CASE("no id, context or exit breaks the table", "[tree]") {
  auto node = odd_tree();
  auto lines = lines_of(to_text(node));
  REQUIRE(lines.size() == 3);
  CHECK(lines[2].starts_with("└── say \"a\\\\b\"\\n\\x01\\x7f\\xff\\x9b é  "));
  auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  CHECK(std::ranges::none_of(lines[2], is_control));
  CHECK(lines[2].find('\xff') == std::string::npos);
  CHECK(lines[2].find("\xc2\x9b") == std::string::npos);
}

TEST_CASE("no id, context or exit breaks the JSON", "[tree]") {
  auto text = to_json(odd_tree());
  CHECK(text.find('\n') == std::string::npos);
  auto replaced = odd;
  replaced.replace(replaced.find('\xff'), 1, "\xef\xbf\xbd");
  auto seen = json::parse(text);
  CHECK(seen["children"][0]["id"] == replaced);
  CHECK(seen["children"][0]["last_exit"] == replaced);
  CHECK(seen["children"][0]["context"] == replaced);
  CHECK(seen["supervisor"]["zombies"]
        == json::array(
          {{{"id", replaced}, {"incarnation", 7}, {"context", replaced}}}));
}

TEST_CASE("long texts are cut where the line ends", "[tree]") {
  auto node = odd_tree();
  node.children[0].id = std::string(200, 'i');
  node.children[0].last_exit = std::string(200, 'x');
  node.children[0].context = "default/0";
  auto line = lines_of(to_text(node))[2];
  CHECK(line.find(std::string(31, 'i') + "…  worker") != std::string::npos);
  CHECK(line.ends_with("xxx…"));
  auto is_start = [](unsigned char c) { return (c & 0xc0) != 0x80; };
  CHECK(std::ranges::count_if(line, is_start) == 120);
}

TEST_CASE("zombies, orders that wait, and what came too late or was lost are "
          "shown where there are any",
          "[tree]") {
  tree_node node{.type = child_type::supervisor};
  node.supervisor = supervisor_summary{.intensity = 3,
                                       .period = 500ms,
                                       .window_used = 2,
                                       .stale_events = 5,
                                       .zombies = {{"a", 1}, {"b", 2}}};
  CHECK(lines_of(to_text(node))[1].ends_with(
    "one_for_one, 2 of 3 restarts in 0.5s, zombies: 2, stale events: 5"));
  node.supervisor
    = supervisor_summary{.period = 1s, .queue_length = 4, .lost_requests = 6};
  CHECK(lines_of(to_text(node))[1].ends_with(
    "restarts in 1s, orders that wait: 4, lost requests: 6"));
}

TEST_CASE("times are given in two units", "[tree]") {
  struct row {
    std::chrono::nanoseconds time;
    const char* text;
  };

  for (auto [time, text] :
       {row{0ns, "0ms"}, row{999999us, "999ms"}, row{1s, "1.0s"},
        row{59999ms, "59.9s"}, row{61s, "1min 1s"}, row{3600s, "1h 0min"},
        row{86399s, "23h 59min"}, row{50h, "2d 2h"}}) {
    tree_node node{.status = child_status::running, .uptime = time};
    auto line = lines_of(to_text(node))[1];
    CHECK(line.ends_with("  " + std::string{text}));
  }
}

TEST_CASE("a tree shows children that start and stop", "[tree]") {
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
          "[tree]") {
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
          "[tree]") {
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

TEST_CASE("the timeout is one for all levels", "[tree]") {
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

TEST_CASE("a supervisor below that ends meanwhile is shown as such", "[tree]") {
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
          "[tree]") {
  world w;
  auto spec = w.spec("a");
  spec.type = child_type::supervisor;
  w.start(many, {spec});
  CHECK(look(w).children[0].error == "does not answer as a supervisor");
}

TEST_CASE("looking at a supervisor that ends fails with supervisor_down",
          "[tree]") {
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

TEST_CASE("a wide tree is shown whole", "[tree]") {
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

TEST_CASE("a deep tree is shown whole", "[tree]") {
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
  "[tree]") {
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

TEST_CASE("a blocking look takes no longer than its timeout", "[tree]") {
  pyactor::test::runtime_world world;
  auto top = start_supervisor(world.system(), many, {deaf("deaf")}).value();
  auto start = std::chrono::steady_clock::now();
  auto seen = tree(top, 50ms);
  CHECK(std::chrono::steady_clock::now() - start >= 50ms);
  REQUIRE(seen);
  CHECK(seen->children[0].error == "no answer in time");
  REQUIRE(top.stop());
}
