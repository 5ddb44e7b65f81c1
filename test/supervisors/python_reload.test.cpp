// A running tree gets another declaration from Python code.

#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <catch2/matchers/catch_matchers_string.hpp>

namespace python_reload_test {

using namespace pyactor::supervisors;
using Catch::Matchers::ContainsSubstring;
using pyactor::value;
using pyactor::test::any_context;
using pyactor::test::starter_world;

namespace {

constexpr auto lists = R"(
class Listed(pyactor.Supervisor):
    intensity = 5

    def children(self, *names, start=0):
        for name in names:
            yield pyactor.Child(name, Counter, args=(name, start))

class Transient(pyactor.Supervisor):
    intensity = 7

    def children(self, *names):
        for name in names:
            yield pyactor.Child(name, Counter, args=(name,),
                                restart="transient")

class Failing(pyactor.Actor):
    def __init__(self):
        raise ValueError("no model")

class Half(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("a", Counter, args=("a",)),
                pyactor.Child("bad", Failing),
                pyactor.Child("c", Counter, args=("c",))]

class Wrong(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("c", Counter, args=("c",)),
                pyactor.Child("d", Counter, backoff=1)]

class Twice(pyactor.Supervisor):
    def children(self):
        return 2 * [pyactor.Child("c", Counter, args=("c",))]

class Idle(pyactor.Supervisor):
    intensity = 8

    def children(self):
        yield pyactor.Child("c", Counter, args=("c",))
        raise pyactor.StartIgnored

class Simple(pyactor.Supervisor):
    strategy = "simple_one_for_one"

    def children(self):
        return [pyactor.Child("a", Counter)]
)";

/// A tree of class `Listed` with the children a and b, which an actor in Python
/// has started.
struct listed_world : starter_world {
  explicit listed_world(pyactor::interpreter_kind kind
                        = pyactor::interpreter_kind::main)
    : starter_world(lists, kind) {
    run("me.tree = trees.Listed.start('a', 'b', then='heard')");
    CHECK(hear() == "started a");
    CHECK(hear() == "started b");
    CHECK(hear() == "outcome  0 None ");
  }

  /// @returns ids, states and incarnations, in start order
  std::string which() {
    auto seen = world.call(actor, "get",
                           "' '.join(f\"{x['id']}:{x['status']}\" for x in "
                           "me.tree.which_children())");
    return seen ? *seen->as_str() : to_string(seen.error());
  }

  supervisor_ref top() {
    return *as_supervisor(world.call(actor, "get", "me.tree.ref").value());
  }
};

} // namespace

TEST_CASE("a converging reload stops who is no longer declared, then starts "
          "who is new; who is in both lists goes on",
          "[python_reload]") {
  listed_world x{any_context()};
  x.run("me.tree.reload(trees.Listed, 'b', 'c', mode='converge', then='told')");
  CHECK(x.hear() == "ended a");
  CHECK(x.hear() == "started c");
  CHECK(x.hear()
        == "told {'child': '', 'incarnation': 0, 'error': None, 'message': '', "
           "'added': ['c'], 'changed': [], 'removed': ['a'], 'kept': [], "
           "'failed': []}");
  CHECK(x.which() == "b:running c:running");
  CHECK(x.top().child("b").incarnation() == 2);
}

TEST_CASE("a reload as OTP does it keeps who is no longer declared, and adds "
          "who is new without a start",
          "[python_reload]") {
  listed_world x;
  x.run("me.tree.reload(trees.Listed, 'b', 'c', mode='otp', then='told')");
  CHECK(x.hear()
        == "told {'child': '', 'incarnation': 0, 'error': None, 'message': '', "
           "'added': ['c'], 'changed': [], 'removed': [], 'kept': ['a'], "
           "'failed': []}");
  CHECK(x.which() == "b:running c:stopped a:running");
}

TEST_CASE("a reload with another class brings its flags and its fields",
          "[python_reload]") {
  listed_world x;
  x.run("me.tree.reload(trees.Transient, 'a', 'b', mode='otp', then='told')");
  CHECK_THAT(x.hear(), ContainsSubstring("'changed': ['a', 'b']"));
  auto top = x.top();
  CHECK(tree(top)->supervisor->intensity == 7);
  CHECK(top.get_child_spec("a")->restart == restart_type::transient);
}

TEST_CASE("new arguments of a reload are for the next start",
          "[python_reload]") {
  listed_world x;
  x.run("me.tree.reload(trees.Listed, 'a', 'b', start=20, mode='converge',\n"
        "               then='told')");
  CHECK_THAT(x.hear(), ContainsSubstring("'changed': []"));
  x.run("me.tree.child('a').send('report')");
  CHECK(x.hear() == "value 0");
  x.run("me.tree.cycle_child('a', then='heard')");
  CHECK(x.hear() == "ended a");
  CHECK(x.hear() == "started a");
  CHECK(x.hear() == "outcome a 3 None ");
  x.run("me.tree.child('a').send('report')");
  CHECK(x.hear() == "value 20");
}

TEST_CASE("code_change: a reload that is declared wrongly raises, and changes "
          "nothing",
          "[python_reload]") {
  listed_world x;

  struct {
    std::string what;
    std::string said;
  } const cases[] = {
    {"trees.Wrong, mode='converge'",
     "ValueError: Wrong: child 'd': backoff must be a pyactor.Backoff, not 1"},
    {"trees.Twice, mode='converge'",
     "ValueError: Twice: child 'c': two child specs have the same id"},
    {"trees.Listed, 5, mode='converge'",
     "ValueError: Listed: child 5: id must be a str that is not empty"},
    {"trees.Listed, 'c', mode='all'",
     "ValueError: reload: mode must be one of 'otp', 'converge', not 'all'"},
    {"trees.Listed, 'c'", "TypeError: "},
    {"trees.Listed, 'c', mode='otp', then='_told'",
     "ValueError: an order: then must be the name of a public method, not "
     "'_told'"},
    {"trees.Counter, mode='otp'",
     "TypeError: reload: it takes a subclass of pyactor.Supervisor, not "},
    {"'trees:Listed', mode='otp'", "TypeError: reload: it takes a subclass"},
    {"trees.Half, 'too many', mode='otp'", "TypeError: "},
  };

  for (const auto& each : cases) {
    INFO(each.what);
    CHECK_THAT(x.refusal("me.tree.reload(" + each.what + ")"),
               ContainsSubstring(each.said));
  }
  x.run("me.tree.reload(trees.Simple, mode='converge', then='heard')");
  CHECK_THAT(x.hear(), ContainsSubstring("outcome  0 invalid_spec "));
  CHECK(x.which() == "a:running b:running");
  CHECK(x.top().child("a").incarnation() == 1);
  CHECK(tree(x.top())->supervisor->intensity == 5);
}

TEST_CASE("a reload names those that could not start, and starts the others",
          "[python_reload]") {
  listed_world x;
  x.run("me.tree.reload(trees.Half, mode='converge', then='told')");
  CHECK(x.hear() == "ended b");
  CHECK(x.hear() == "started c");
  auto told = x.hear();
  CHECK_THAT(told, ContainsSubstring("'added': ['bad', 'c']"));
  CHECK_THAT(told, ContainsSubstring("'failed': [{'child': 'bad', "
                                     "'incarnation': 0, 'error': "
                                     "'start_failed', 'message': "));
  CHECK_THAT(told, ContainsSubstring("no model"));
  CHECK(x.which() == "a:running bad:stopped c:running");
}

TEST_CASE("code_change: a reload with nothing to start changes nothing",
          "[python_reload]") {
  listed_world x;
  for (std::string mode : {"otp", "converge"}) {
    x.run("me.tree.reload(trees.Idle, mode='" + mode + "', then='told')");
    CHECK(x.hear()
          == "told {'child': '', 'incarnation': 0, 'error': None, 'message': "
             "'', 'added': [], 'changed': [], 'removed': [], 'kept': [], "
             "'failed': []}");
  }
  CHECK(x.which() == "a:running b:running");
  CHECK(tree(x.top())->supervisor->intensity == 5);
}

TEST_CASE("a reload of a tree that has ended says so", "[python_reload]") {
  listed_world x;
  x.run("me.tree.stop(then='heard')");
  CHECK(x.hear() == "ended b");
  CHECK(x.hear() == "ended a");
  CHECK(x.hear() == "outcome  0 None ");
  x.run("me.tree.reload(trees.Listed, 'c', mode='otp', then='heard')");
  CHECK_THAT(x.hear(), ContainsSubstring("outcome  0 supervisor_down "));
  x.run("me.tree.reload(trees.Idle, mode='otp', then='heard')");
  CHECK_THAT(x.hear(), ContainsSubstring("outcome  0 supervisor_down "));
}

} // namespace python_reload_test
