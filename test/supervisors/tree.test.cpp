#include <pyactor/supervisors/tree.hpp>

#include <pyactor/test/supervisors/tree_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace tree_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using nlohmann::json;
using mode = child_control::start_mode;

namespace {

/// Not to be printed, nor to be broken by: quotes, controls, invalid UTF-8.
const std::string odd = "say \"a\\b\"\n\x01\x7f\xff\xc2\x9b é";

tree_node odd_tree() {
  tree_node child{.id = odd, .last_exit = odd, .context = odd};
  tree_node result{.type = child_type::supervisor, .children = {child}};
  result.supervisor = supervisor_summary{.zombies = {{odd, 7, odd}}};
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
  auto leaf = json{{"id", "leaf"},
                   {"type", "worker"},
                   {"status", "stopped"},
                   {"restart", "transient"},
                   {"incarnation", 1},
                   {"starts", 1},
                   {"restarts", 0},
                   {"last_exit", "normal"},
                   {"uptime", nullptr},
                   {"context", nullptr},
                   {"ready", false},
                   {"throttled", false},
                   {"given_up", false},
                   {"next_start_in", nullptr},
                   {"consecutive_failures", 0},
                   {"tags", {"gpu", "v2"}}};
  auto group = json{{"id", "group"},
                    {"type", "supervisor"},
                    {"status", "running"},
                    {"restart", "permanent"},
                    {"incarnation", 2},
                    {"starts", 1},
                    {"restarts", 0},
                    {"consecutive_failures", 0},
                    {"last_exit", nullptr},
                    {"uptime", 1.5},
                    {"ready", true},
                    {"throttled", false},
                    {"given_up", false},
                    {"next_start_in", nullptr},
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
                      {"lost_messages", 0},
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

TEST_CASE("the JSON says when a child comes back, and which one does not",
          "[tree]") {
  world w;
  auto waiting = w.spec("waiting");
  waiting.backoff = restart_backoff{.initial = 2s, .jitter = 0};
  auto given_up = w.spec("given up");
  given_up.max_total_restarts = 0;
  w.start(many, {waiting, given_up});
  w.tell("waiting", die{crash()});
  w.tell("given up", die{crash()});
  w.advance(500ms);
  auto seen = json::parse(to_json(look(w)))["children"];
  REQUIRE(seen.size() == 2);
  CHECK(seen[0]["status"] == "restarting");
  CHECK(seen[0]["next_start_in"] == 1.5);
  CHECK(seen[0]["consecutive_failures"] == 1);
  CHECK(seen[0]["given_up"] == false);
  CHECK(seen[1]["status"] == "stopped");
  CHECK(seen[1]["next_start_in"] == nullptr);
  CHECK(seen[1]["given_up"] == true);
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
  node.supervisor = supervisor_summary{.period = 1s, .lost_messages = 7};
  CHECK(
    lines_of(to_text(node))[1].ends_with("restarts in 1s, lost messages: 7"));
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

} // namespace tree_test
