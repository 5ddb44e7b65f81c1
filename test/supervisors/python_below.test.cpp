// Supervisors that are children, asked and ordered by Python code.

#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <catch2/matchers/catch_matchers_string.hpp>

#include <set>

namespace python_below_test {

using namespace pyactor::supervisors;
using Catch::Matchers::ContainsSubstring;
using pyactor::value;
using pyactor::test::any_context;
using pyactor::test::starter_world;

namespace {

constexpr auto trees = R"(
class Inner(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, args=("c", 10))]

class Outer(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("inner", Inner),
                pyactor.Child("worker", Counter, args=("worker",))]

class Top(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("outer", Outer)]
)";

/// A tree of this class, which an actor in Python has started.
struct nested_world : starter_world {
  explicit nested_world(const std::string& cls = "Outer",
                        pyactor::interpreter_kind kind
                        = pyactor::interpreter_kind::main)
    : starter_world(trees, kind) {
    run("me.tree = trees." + cls + ".start(then='heard')");
    CHECK(hear() == "started c");
    CHECK(hear() == "started worker");
    CHECK(hear() == "outcome  0 None ");
  }

  /// @returns the next so many messages to "test", in any order
  std::set<std::string> hear_all(int n) {
    std::set<std::string> result;
    for (auto i = 0; i < n; ++i)
      result.insert(hear());
    return result;
  }
};

} // namespace

TEST_CASE("a Tree of the supervisor below answers questions and carries out "
          "orders and requests",
          "[python_below]") {
  nested_world x{"Outer", any_context()};
  x.run("me.inner = me.tree.below('inner')");
  CHECK(x.get("[x['id'] for x in me.inner.which_children()]")
        == value::list({"c"}));
  CHECK(x.get("me.inner.which_child('c')['status']") == value{"running"});
  CHECK(x.get("me.inner.count_children()['workers']") == value{1});
  CHECK_THAT(*x.get("me.inner.text()").as_str(), ContainsSubstring("└── c"));
  CHECK(x.get("me.inner.child_spec('c')['id']") == value{"c"});
  CHECK(x.get("me.inner.statistics()['restarts']") == value{0});
  CHECK(x.get("repr(me.inner)")
        == value{"<Tree <ActorRef supervisor 'inner'>>"});
  x.run("me.inner.child('c').send('report')");
  CHECK(x.hear() == "value 10");
  x.run("me.inner.request('c', 'add', 1, then='told')");
  CHECK_THAT(x.hear(), ContainsSubstring("'answer': 11"));
  x.run("me.inner.start_child(pyactor.Child('d', trees.Counter, args=('d',)), "
        "then='heard')");
  CHECK(x.hear() == "started d");
  CHECK(x.hear() == "outcome d 2 None ");
  x.run("me.inner.reload(trees.Inner, mode='converge', then='heard')");
  CHECK(x.hear() == "ended d");
  CHECK(x.hear() == "outcome  0 None ");
  CHECK(x.get("me.tree.count_children()['workers']") == value{1});
}

TEST_CASE("a Tree of a supervisor below is good for each incarnation of it",
          "[python_below]") {
  nested_world x;
  x.run("me.inner = me.tree.below('inner')\n"
        "me.c = me.inner.child('c')\n"
        "me.c.send('add', 5)\n"
        "me.tree.cycle_child('inner', then='heard')");
  CHECK(x.hear() == "ended c");
  CHECK(x.hear() == "started c");
  CHECK(x.hear() == "outcome inner 3 None ");
  x.run("me.c.send('report')");
  CHECK(x.hear() == "value 10");
  x.run("me.inner.cycle_child('c', then='heard')");
  CHECK(x.hear() == "ended c");
  CHECK(x.hear() == "started c");
  CHECK(x.hear() == "outcome c 2 None ");
}

TEST_CASE("a Tree leads as deep as there are supervisors", "[python_below]") {
  nested_world x{"Top"};
  x.run("me.outer = me.tree.below('outer')\n"
        "me.inner = me.outer.below('inner')\n"
        "me.inner.child('c').send('report')");
  CHECK(x.hear() == "value 10");
  x.run("me.tree.terminate_child('outer', then='heard')");
  CHECK(x.hear() == "ended worker");
  CHECK(x.hear() == "ended c");
  CHECK(x.hear() == "outcome outer 0 None ");
  CHECK(x.error_of("me.inner.which_children()")
        == "supervisor_down: the supervisor of child 'outer/inner' does not "
           "run");
}

TEST_CASE("questions and orders fail while the supervisor below does not run, "
          "and where there is none",
          "[python_below]") {
  nested_world x;
  SECTION("it was stopped") {
    x.run("me.inner = me.tree.below('inner')\n"
          "me.tree.terminate_child('inner', then='heard')");
    CHECK(x.hear() == "ended c");
    CHECK(x.hear() == "outcome inner 0 None ");
    const std::string why = "child 'inner' does not run: stopped";
    for (auto* question : {"text()", "which_child('c')", "count_children()",
                           "child_spec('c')", "statistics()"})
      CHECK(x.error_of("me.inner." + std::string{question})
            == "child_unavailable: " + why);
    CHECK(x.get("me.inner.ref.alive") == value{false});
    x.run("me.inner.cycle_child('c', then='heard')");
    CHECK(x.hear()
          == "outcome c 0 child_unavailable child_unavailable 'c': " + why);
    x.run("me.inner.request('c', 'add', 1, then='heard')");
    CHECK_THAT(x.hear(),
               ContainsSubstring("outcome c 0 child_unavailable child 'c'"));
    x.run("me.inner.reload(trees.Inner, mode='otp', then='heard')");
    CHECK(x.hear() == "outcome  0 child_unavailable child_unavailable: " + why);
  }
  SECTION("nobody knows it") {
    CHECK(x.error_of("me.tree.below('nobody').text()")
          == "not_found: there is no child 'nobody'");
  }
  SECTION("it is a worker, which does not notice") {
    x.run("me.worker = me.tree.below('worker')");
    CHECK(x.error_of("me.worker.which_children()")
          == "not_a_supervisor: child 'worker' is no supervisor");
    x.run("me.worker.start_child(pyactor.Child('d', trees.Counter), "
          "then='heard')");
    CHECK(x.hear()
          == "outcome d 0 not_a_supervisor not_a_supervisor 'd': child "
             "'worker' is no supervisor");
    x.run("me.tree.request('worker', 'add', 1, then='told')");
    CHECK_THAT(x.hear(), ContainsSubstring("'answer': 1"));
    CHECK(x.get("me.tree.which_child('worker')['incarnation']") == value{2});
  }
  SECTION("the topmost supervisor has stopped") {
    x.run("me.inner = me.tree.below('inner')\n"
          "me.tree.stop(then='heard')");
    CHECK(x.hear() == "ended worker");
    CHECK(x.hear() == "ended c");
    CHECK(x.hear() == "outcome  0 None ");
    CHECK_THAT(x.error_of("me.inner.statistics()"),
               ContainsSubstring("supervisor_down: "));
    CHECK_THAT(x.error_of("me.tree.below('inner').text()"),
               ContainsSubstring("supervisor_down: "));
    x.run("me.inner.terminate_child('c', then='heard')");
    CHECK_THAT(x.hear(), ContainsSubstring("outcome c 0 supervisor_down "));
  }
}

TEST_CASE("a supervisor below is stopped by the one above, not by its Tree",
          "[python_below]") {
  nested_world x;
  const auto* why = "ValueError: supervisor 'inner' is a child: the supervisor "
                    "above stops it, by terminate_child";
  CHECK_THAT(x.refusal("me.tree.below('inner').stop()"),
             ContainsSubstring(why));
  CHECK_THAT(x.refusal("me.tree.below('inner').stop(force=True)"),
             ContainsSubstring(why));
  CHECK(x.get("me.tree.which_child('inner')['incarnation']") == value{1});
}

TEST_CASE("a Tree of a supervisor below is plain data", "[python_below]") {
  nested_world x;
  x.run("me.inner = me.tree.below('inner')");
  SECTION("equal ones lead to the same supervisor") {
    CHECK(x.get("me.tree.below('inner') == me.inner") == value{true});
    CHECK(x.get("len({me.inner, me.tree.below('inner'), me.tree, "
                "me.tree.below('worker'), me.inner.below('inner')})")
          == value{4});
    CHECK(x.get("me.inner.ref == me.tree.child('inner')") == value{false});
    CHECK(x.get("me.inner.child('c') == me.tree.below('inner').child('c')")
          == value{true});
  }
  SECTION("another actor gets it by its ref") {
    auto other = x.world.spawn(R"(
import pyactor

class Main(pyactor.Actor):
    def ids(self, ref):
        return [x["id"] for x in pyactor.Tree(ref).which_children()]
)");
    auto inner = x.get("me.inner.ref");
    CHECK(as_supervisor(inner)->path() == "inner");
    CHECK(x.world.call(other, "ids", inner).value() == value::list({"c"}));
  }
  SECTION("it keeps the whole tree from stopping") {
    x.run("del me.tree\n"
          "me.inner.request('c', 'add', 1, then='told')");
    CHECK_THAT(x.hear(), ContainsSubstring("'answer': 11"));
    x.run("del me.inner");
    CHECK(x.hear() == "ended worker");
    CHECK(x.hear() == "ended c");
  }
}

TEST_CASE("wrong arguments for a tree raise, and order nothing",
          "[python_below]") {
  nested_world x;
  for (auto* wrong : {"below(5)", "child_spec(None)", "which_child(5)",
                      "whereis(5)", "below()"})
    CHECK_THAT(x.refusal("me.tree." + std::string{wrong}),
               ContainsSubstring("TypeError: "));
  CHECK_THAT(
    x.refusal("me.tree.stop(force=1)"),
    ContainsSubstring("ValueError: stop: force must be True or False, not 1"));
  CHECK_THAT(x.refusal("me.tree.statistics(timeout=0)"),
             ContainsSubstring("ValueError: a question: timeout must be"));
  CHECK_THAT(x.refusal("me.tree.child_spec('c', timeout='5')"),
             ContainsSubstring("ValueError: a question: timeout must be"));
  CHECK(x.get("me.tree.count_children()['active']") == value{2});
}

} // namespace python_below_test
