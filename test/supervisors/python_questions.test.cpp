// What supervisors tell Python code.

#include <pyactor/supervisors/python/answers.hpp>
#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <catch2/matchers/catch_matchers_string.hpp>

namespace python_questions_test {

using namespace pyactor::supervisors;
using Catch::Matchers::ContainsSubstring;
using pyactor::value;
using pyactor::test::any_context;
using pyactor::test::starter_world;

namespace {

constexpr auto trees = R"(
import math

class Plain(pyactor.Supervisor):
    intensity = 5

    def children(self):
        return [pyactor.Child("c", Counter, args=("c", 10))]

class Below(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("below", Plain)]

class Full(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child(
            "c", Counter, args=("c",), restart="transient", shutdown="kill",
            kill_grace=2, start_timeout=math.inf, max_handler_time=0.5,
            backoff=pyactor.Backoff(0.25, 8, 3, 0.5, 16),
            limit=pyactor.Limit(7, 30), max_total_restarts=9,
            poison_threshold=3,
            liveness=pyactor.Probe("ready", args=(), kwargs={}, period=4,
                                   timeout=2, failure_threshold=5),
            while_down=pyactor.Buffer(20, ttl=math.inf), register_as="store",
            tags=["gpu", "v2"])]

class Letters(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, args=("c",), shutdown=math.inf,
                              while_down=pyactor.DeadLetters(
                                  pyactor.whereis("test"), "lost"))]

class Named(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, args=("c", 10),
                              register_as="store")]

class Deaf(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("deaf", pyactor.Native("deaf"),
                              shutdown=math.inf)]

class Partly(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("silent", pyactor.Native("silent")),
                pyactor.Child("c", Counter, args=("c",))]

class OnDemand(pyactor.Supervisor):
    strategy = "simple_one_for_one"

    def children(self):
        return [pyactor.Child("c", Counter)]
)";

/// An actor in Python that starts trees.
struct asking_world : starter_world {
  explicit asking_world(pyactor::interpreter_kind kind
                        = pyactor::interpreter_kind::main)
    : starter_world(trees, kind) {
  }

  /// Starts that tree, whose child c then runs.
  void start(const std::string& cls) {
    run("me.tree = trees." + cls + ".start(then='heard')");
    CHECK(hear() == "started c");
    CHECK(hear() == "outcome  0 None ");
  }
};

/// A child that does not stop until it is killed.
caf::behavior deaf(caf::event_based_actor* self) {
  self->set_exit_handler([](caf::exit_msg&) {});
  return {[](int) {}};
}

/// A supervisor, says its spec, but it takes no message at all.
caf::behavior silent(caf::event_based_actor* self) {
  self->set_default_handler(caf::skip);
  return {[](int) {}};
}

/// What is told of each child, by name.
constexpr auto fields_of_a_child
  = "['consecutive_failures', 'context', 'given_up', 'id', 'incarnation', "
    "'last_exit', 'next_start_in', 'ready', 'restart', 'restarts', 'starts', "
    "'status', 'tags', 'throttled', 'type', 'uptime']";

} // namespace

TEST_CASE("statistics have what the supervisor has seen, under the names of "
          "C++",
          "[python_questions]") {
  asking_world x{any_context()};
  x.start("Plain");
  CHECK(to_string(x.get("me.tree.statistics()"))
        == "{'restarts': 0, 'window_used': 0, 'stale_events': 0, "
           "'stray_messages': 0, 'kills': 0, 'abandons': 0, "
           "'shutdown_errors': 0, 'classify_errors': 0, "
           "'escalations': 0, 'escalation_errors': 0, 'throttled': 0, "
           "'queue_length': 0, 'lost_requests': 0, 'lost_messages': 0, "
           "'zombies': []}");
  x.run("me.tree.child('c').send('crash')");
  CHECK(x.hear() == "ended c");
  CHECK(x.hear() == "started c");
  CHECK(x.get("me.tree.statistics(timeout=60)['restarts']") == value{1});
}

TEST_CASE("zombies are told with id, incarnation and context",
          "[python_questions]") {
  supervisor_statistics seen;
  seen.zombies = {{"a", 7, "default/0"}, {"b", 8}};
  auto told = python::as_value(seen);
  const auto& [name, zombies] = told.as_dict()->back();
  CHECK(name == value{"zombies"});
  CHECK(to_string(zombies)
        == "[{'id': 'a', 'incarnation': 7, 'context': 'default/0'}, "
           "{'id': 'b', 'incarnation': 8, 'context': None}]");
}

TEST_CASE("a child's spec is told in the words of its Child",
          "[python_questions]") {
  asking_world x;
  SECTION("all that was set") {
    x.start("Full");
    CHECK(to_string(x.get("me.tree.child_spec('c')"))
          == "{'id': 'c', 'type': 'worker', 'restart': 'transient', "
             "'significant': False, 'shutdown': 'kill', 'kill_grace': 2.0, "
             "'start_timeout': inf, 'max_handler_time': 0.5, 'backoff': "
             "{'initial': 0.25, 'max': 8.0, 'factor': 3.0, 'jitter': 0.5, "
             "'reset_after': 16.0}, 'limit': {'intensity': 7, 'period': 30.0}, "
             "'max_total_restarts': 9, 'poison_threshold': 3, 'startup': None, "
             "'liveness': {'method': 'ready', 'args': [], 'kwargs': {}, "
             "'period': 4.0, 'timeout': 2.0, 'initial_delay': 0.0, "
             "'failure_threshold': 5, 'success_threshold': 1}, 'readiness': "
             "None, 'while_down': {'kind': 'buffer', 'capacity': 20, 'ttl': "
             "inf}, 'register_as': 'store', 'tags': ['gpu', 'v2'], "
             "'isolation': 'instance'}");
  }
  SECTION("what was left out") {
    x.start("Below");
    CHECK(to_string(x.get("me.tree.child_spec('below')"))
          == "{'id': 'below', 'type': 'supervisor', 'restart': 'permanent', "
             "'significant': False, 'shutdown': inf, 'kill_grace': 1.0, "
             "'start_timeout': inf, 'max_handler_time': None, 'backoff': None, "
             "'limit': None, 'max_total_restarts': None, 'poison_threshold': "
             "0, 'startup': None, 'liveness': None, 'readiness': None, "
             "'while_down': {'kind': 'fail_fast'}, 'register_as': None, "
             "'tags': [], 'isolation': 'instance'}");
    CHECK(x.get("me.tree.below('below').child_spec('c')['shutdown']")
          == value{5.0});
  }
  SECTION("dead letters") {
    x.start("Letters");
    CHECK(to_string(x.get("me.tree.child_spec('c')['while_down']"))
          == "{'kind': 'dead_letters'}");
    CHECK(x.get("me.tree.child_spec('c')['shutdown'] == "
                "trees.math.inf")
          == value{true});
  }
  SECTION("of nobody") {
    x.start("Plain");
    auto unknown = x.world.call(x.actor, "run", "me.tree.child_spec('c7')");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().type == "pyactor.supervision.SupervisionError");
    CHECK(unknown.error().message == "there is no child 'c7'");
  }
}

TEST_CASE("a probe of a message of C++ has no method to tell",
          "[python_questions]") {
  child_spec spec;
  spec.startup = probe{.question = caf::make_message(5)};
  auto told = to_string(python::as_value(with_defaults(spec)));
  CHECK(told.find("'startup': {'method': None, 'args': None, 'kwargs': None, "
                  "'period': 10.0")
        != std::string::npos);
}

TEST_CASE("which_children tells all that C++ knows of a child",
          "[python_questions]") {
  asking_world x;
  x.start("Plain");
  CHECK(to_string(x.get("sorted(me.tree.which_children()[0])"))
        == fields_of_a_child);
  x.run("me.tree.child('c').send('crash')");
  CHECK(x.hear() == "ended c");
  CHECK(x.hear() == "started c");
  CHECK(x.get("me.tree.which_child('c')['consecutive_failures']") == value{1});
}

TEST_CASE("a tree is shown although a supervisor below does not answer in time",
          "[python_questions]") {
  asking_world x{any_context()};
  REQUIRE(
    x.natives->add("silent", start_function(silent), child_type::supervisor));
  x.start("Partly");
  CHECK(to_string(x.get("[(each['id'], each.get('error')) for each in "
                        "me.tree.which_children(timeout=1)]"))
        == "[('silent', 'no answer in time'), ('c', None)]");
  CHECK_THAT(*x.get("me.tree.text(timeout=1)").as_str(),
             ContainsSubstring("no answer in time"));
}

TEST_CASE("which_child tells of a child what which_children does",
          "[python_questions]") {
  asking_world x{any_context()};
  x.start("Plain");
  x.run("me.one = me.tree.which_child('c')\n"
        "me.same = me.tree.which_children()[0]");
  CHECK(x.get("me.one.pop('uptime') <= me.same.pop('uptime')") == value{true});
  CHECK(to_string(x.get("me.one")) == to_string(x.get("me.same")));
}

TEST_CASE("which_child asks one supervisor, and none of those below it",
          "[python_questions]") {
  asking_world x;
  REQUIRE(
    x.natives->add("silent", start_function(silent), child_type::supervisor));
  x.start("Partly");
  CHECK(to_string(x.get("sorted(me.tree.which_child('silent'))"))
        == fields_of_a_child);
  CHECK(x.get("me.tree.which_child('silent')['type']") == value{"supervisor"});
}

TEST_CASE("which_child answers for ids on demand as C++ does",
          "[python_questions]") {
  asking_world x;
  x.run("me.tree = trees.OnDemand.start(then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  x.run("me.tree.start_child('one', then='heard')");
  CHECK(x.hear() == "started one");
  CHECK(x.hear() == "outcome c-1 1 None ");
  CHECK(x.get("me.tree.which_child('c-1')['status']") == value{"running"});
  CHECK(x.error_of("me.tree.which_child('c')")
        == "simple_one_for_one: 'c' is what all children come from, and no "
           "child");
  CHECK(x.error_of("me.tree.which_child('c-2')")
        == "not_found: there is no child 'c-2'");
}

TEST_CASE(
  "a child is found by its name, over its restarts, until it is deleted",
  "[python_questions]") {
  asking_world x{any_context()};
  CHECK(x.get("pyactor.Tree.whereis('store')").is_none());
  x.start("Named");
  x.run("me.store = pyactor.Tree.whereis('store')");
  CHECK(x.get("me.store == me.tree.child('c')") == value{true});
  CHECK(x.get("pyactor.whereis('store')").is_none());
  x.run("me.store.send('add', 5)\n"
        "me.tree.cycle_child('c', then='heard')");
  CHECK(x.hear() == "ended c");
  CHECK(x.hear() == "started c");
  CHECK(x.hear() == "outcome c 2 None ");
  x.run("me.store.send('report')");
  CHECK(x.hear() == "value 10");
  x.run("me.tree.terminate_child('c', then='heard')");
  CHECK(x.hear() == "ended c");
  CHECK(x.hear() == "outcome c 0 None ");
  x.run("me.tree.delete_child('c', then='heard')");
  CHECK(x.hear() == "outcome c 0 None ");
  CHECK(x.get("pyactor.Tree.whereis('store')").is_none());
}

TEST_CASE("a forced stop kills a child that would be waited for for ever",
          "[python_questions]") {
  asking_world x;
  REQUIRE(x.natives->add("deaf", start_function(deaf)));
  x.run("me.tree = trees.Deaf.start(then='heard')");
  CHECK(x.hear() == "outcome  0 None ");
  x.run("me.tree.stop()\n"
        "me.tree.stop(then='heard', force=True)");
  CHECK(x.hear() == "outcome  0 None ");
  CHECK(x.get("me.tree.ref.alive") == value{false});
}

} // namespace python_questions_test
