// Events of supervisors, read by Python code: by a thread of its own as a rule,
// since an actor that waits for them holds up the children of its context.

#include <pyactor/supervisors/event_stream.hpp>
#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <catch2/matchers/catch_matchers_string.hpp>

namespace python_events_test {

using namespace pyactor::supervisors;
using Catch::Matchers::ContainsSubstring;
using pyactor::value;
using pyactor::test::any_context;
using pyactor::test::starter_world;

namespace {

constexpr auto trees = R"(
import json # which the first event imports otherwise
import threading
import time

class Quiet(pyactor.Actor):
    def crash(self):
        raise ValueError("crashed")

news = pyactor.EventStream()

class Watched(pyactor.Supervisor):
    intensity = 5
    events = news

    def children(self, *ids):
        return [pyactor.Child(id, Quiet, backoff=pyactor.Backoff(0.001))
                for id in ids]

class Silent(Watched):
    events = None

class Above(pyactor.Supervisor):
    events = news

    def children(self):
        return [pyactor.Child("watched", Watched, args=("a",)),
                pyactor.Child("silent", Silent, args=("b",))]

def tell_all():
    for event in iter(news.next, None):
        pyactor.send("test", event["what"], event["id"], event["exit"])
    pyactor.send("test", "end of news")

def read(then=lambda: tell_all()):
    threading.Thread(target=then).start()

class Impatient(pyactor.Actor):
    max_handler_time = 20

    def wait(self):
        try:
            news.next()
        except pyactor.Interrupted:
            pyactor.send("test", "interrupted")
            raise
)";

/// An actor that starts trees, and threads that read what happens.
struct watching_world : starter_world {
  explicit watching_world(pyactor::interpreter_kind kind
                          = pyactor::interpreter_kind::main)
    : starter_world(trees, kind) {
  }

  ~watching_world() {
    world.call(actor, "run", "trees.news.close()");
  }
};

} // namespace

TEST_CASE("a thread that Python code has started reads what happens to "
          "children, until the stream is closed",
          "[python_events]") {
  watching_world x{any_context()};
  x.run("trees.read()\n"
        "me.tree = trees.Watched.start('a')");
  CHECK(x.hear() == "starting a None");
  CHECK(x.hear() == "started a None");
  x.run("me.tree.child('a').send('crash')");
  CHECK(x.hear() == "exited a ValueError: crashed");
  CHECK(x.hear() == "restart_scheduled a ValueError: crashed");
  CHECK(x.hear() == "starting a None");
  CHECK(x.hear() == "restarted a None");
  x.run("trees.news.close()");
  CHECK(x.hear() == "end of news");
}

TEST_CASE("an event is a dict with the fields of supervision_event",
          "[python_events]") {
  watching_world x{any_context()};
  x.run("def read():\n"
        "  for event in iter(trees.news.next, None):\n"
        "    pyactor.send('test', 'event', event)\n"
        "trees.read(read)\n"
        "me.tree = trees.Watched.start('a')");
  CHECK(x.hear()
        == "event {'what': 'starting', 'id': 'a', 'incarnation': 1, 'exit': "
           "None, 'latency': 0.0, 'pause': 0.0, 'others': [], 'context': "
           "None}");
  CHECK_THAT(x.hear(), ContainsSubstring("'what': 'started'"));
  x.run("me.tree.child('a').send('crash')");
  CHECK_THAT(x.hear(), ContainsSubstring("'incarnation': 1, 'exit': "
                                         "'ValueError: crashed'"));
  // Up to a fifth more, at random.
  CHECK_THAT(x.hear(), ContainsSubstring("'pause': 0.001"));
  CHECK_THAT(x.hear(), ContainsSubstring("'latency': 0.0, 'pause': 0.0"));
  auto restarted = x.hear();
  CHECK_THAT(restarted, ContainsSubstring("'what': 'restarted', 'id': 'a', "
                                          "'incarnation': 2"));
  CHECK_THAT(restarted, !ContainsSubstring("'latency': 0.0,"));
}

TEST_CASE("without a time, next takes only what is there; with one, it waits "
          "for so long",
          "[python_events]") {
  watching_world x;
  CHECK(x.get("trees.news.next(0)").is_none());
  CHECK(x.get("trees.news.next(timeout=0)").is_none());
  x.run("begin = trees.time.monotonic()\n"
        "event = trees.news.next(0.05)\n"
        "me.waited = trees.time.monotonic() - begin\n"
        "me.none = event is None");
  CHECK(x.get("me.none") == value{true});
  CHECK(x.get("0.05 <= me.waited < 60") == value{true});
  x.run("me.tree = trees.Watched.start('a', then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  CHECK(x.get("trees.news.next(0)['what']") == value{"starting"});
  CHECK(x.get("trees.news.next()['what']") == value{"started"});
  CHECK(x.get("trees.news.next(0)").is_none());
}

TEST_CASE("a stream that is closed gives what is there, then None at once, and "
          "counts what comes",
          "[python_events]") {
  watching_world x;
  x.run("me.tree = trees.Watched.start('a', then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  x.run("trees.news.close()\n"
        "trees.news.close()");
  CHECK(x.get("trees.news.next()['what']") == value{"starting"});
  CHECK(x.get("trees.news.next()['what']") == value{"started"});
  CHECK(x.get("trees.news.next()").is_none());
  CHECK(x.get("trees.news.dropped") == value{0});
  x.run("me.tree.cycle_child('a', then='heard')");
  CHECK(x.hear() == "outcome a 2 None ");
  CHECK(x.get("trees.news.dropped") == value{2});
}

TEST_CASE("a stream that is full loses the oldest events, and counts them",
          "[python_events]") {
  watching_world x;
  x.run("trees.Watched.events = me.news = pyactor.EventStream(2)\n"
        "me.tree = trees.Watched.start('a', 'b', then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  CHECK(x.get("me.news.dropped") == value{2});
  CHECK(x.get("[me.news.next(0)['id'] for _ in range(2)]")
        == value::list({"b", "b"}));
}

TEST_CASE("what interrupts a call interrupts its wait for an event",
          "[python_events]") {
  watching_world x;
  x.run("me.impatient = pyactor.spawn(trees.Impatient)\n"
        "me.impatient.send('wait')");
  CHECK(x.hear() == "interrupted");
}

TEST_CASE("supervisors that have the same stream write to it, and no other, "
          "those below included",
          "[python_events]") {
  watching_world x;
  x.run("me.tree = trees.Above.start(then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  x.run("trees.news.close()\n"
        "me.ids = [event['id'] for event in iter(trees.news.next, None)]");
  CHECK(x.get("me.ids")
        == value::list({"watched", "a", "a", "watched", "silent", "silent"}));
}

TEST_CASE("C++ gets the stream that Python declares", "[python_events]") {
  watching_world x;
  auto declared
    = declare_tree(x.world.python(), "trees:Watched", {.positional = {"a"}});
  REQUIRE(declared);
  auto news = declared->flags.events.value();
  auto top = start_supervisor(x.world.system(), declared->flags,
                              std::move(declared->specs));
  REQUIRE(top);
  CHECK(x.get("trees.news.next(0)['what']") == value{"starting"});
  CHECK(to_string(*news.next({})) == "started 'a' #1");
  news.close();
  CHECK(x.get("trees.news.next()").is_none());
  CHECK(top->stop());
}

TEST_CASE("a reload has the events of the class that it is given, in place of "
          "those that C++ has set",
          "[python_events]") {
  watching_world x;
  auto declared
    = declare_tree(x.world.python(), "trees:Silent", {.positional = {"a"}});
  REQUIRE(declared);
  event_stream before;
  declared->flags.events = before;
  auto top = start_supervisor(x.world.system(), declared->flags,
                              std::move(declared->specs));
  REQUIRE(top);
  auto reloading = x.world.spawn(R"(
import pyactor
import trees

class Main(pyactor.Actor):
    def reload(self, ref):
        pyactor.Tree(ref).reload(trees.Watched, "a", mode="otp", then="heard")

    def heard(self, outcome):
        pyactor.send("test", "reloaded", outcome["error"])
)");
  REQUIRE(x.world.call(reloading, "reload", as_value(*top)));
  CHECK(x.hear() == "reloaded None");
  before.close();
  REQUIRE(top->cycle_child("a"));
  CHECK(before.dropped() == 0);
  CHECK(x.get("[trees.news.next(0)['what'] for _ in range(2)]")
        == value::list({"starting", "started"}));
  CHECK(top->stop());
}

TEST_CASE("a stream with a wrong capacity, and a wait of a wrong time, are "
          "refused",
          "[python_events]") {
  watching_world x;
  CHECK_THAT(x.refusal("pyactor.EventStream(0)"),
             ContainsSubstring("ValueError: EventStream: capacity must be an "
                               "int of at least 1, not 0"));
  CHECK_THAT(x.refusal("pyactor.EventStream(True)"),
             ContainsSubstring("TypeError: EventStream: capacity must be"));
  CHECK_THAT(x.refusal("trees.news.next(-1)"),
             ContainsSubstring("ValueError: next: timeout must be a number of "
                               "seconds of at least 0, or math.inf, not -1"));
  CHECK_THAT(x.refusal("trees.news.next(float('nan'))"),
             ContainsSubstring("ValueError: next: timeout must be"));
  CHECK_THAT(x.refusal("trees.news.next(None)"),
             ContainsSubstring("TypeError: next: timeout must be"));
}

} // namespace python_events_test
