// What becomes of a declared tree whose children() gives no list: OTP's cases
// of a supervisor's `init`, under their names there.

#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>
#include <utility>

namespace python_start_test {

using namespace pyactor::supervisors;
using Catch::Matchers::ContainsSubstring;
using pyactor::test::python_tree_world;

TEST_CASE("sup_start_error_return: children() that gives garbage is an error; "
          "nothing has started, and nobody ends",
          "[python_start]") {
  python_tree_world x{R"(
import math

class Garbage(pyactor.Supervisor):
    give_up_is_failure = False # as in OTP
    what = None

    def children(self):
        yield pyactor.Child("good", Counter, start_timeout=math.inf)
        yield self.what

class Above(pyactor.Supervisor):
    give_up_is_failure = False

    def children(self):
        return [pyactor.Child("good", Counter, start_timeout=math.inf),
                pyactor.Child("below", Garbage)]
)"};
  auto actor = x.starter();
  for (auto* what : {"None", "5", "'child'", "object()", "('c', trees.Counter)",
                     "trees.Counter", "ValueError('failed')"}) {
    INFO(what);
    REQUIRE(
      x.world.call(actor, "run", std::string{"trees.Garbage.what = "} + what));
    for (auto* tree : {"Garbage", "Above"}) {
      auto refused = x.world.call(
        actor, "run", std::string{"trees."} + tree + ".start(then='heard')");
      REQUIRE_FALSE(refused);
      CHECK_THAT(to_string(refused.error()),
                 ContainsSubstring("builtins.TypeError: Garbage: children() "
                                   "must give pyactor.Child objects, not "));
    }
  }
  // No child has said that it started, nobody has heard an outcome.
  REQUIRE(x.world.call(actor, "run", "pyactor.send('test', 'alive')"));
  CHECK(x.hear() == "alive");
}

TEST_CASE("sup_start_fail: children() that raises is an error with what was "
          "raised, and where; nothing has started, and nobody ends",
          "[python_start]") {
  python_tree_world x{R"(
import math

class Failing(pyactor.Supervisor):
    give_up_is_failure = False # as in OTP

    def children(self):
        yield pyactor.Child("good", Counter, start_timeout=math.inf)
        raise RuntimeError("fail")

class Above(pyactor.Supervisor):
    give_up_is_failure = False

    def children(self):
        return [pyactor.Child("good", Counter, start_timeout=math.inf),
                pyactor.Child("below", Failing)]
)"};
  auto actor = x.starter();
  auto check = [](const pyactor::error& why) {
    CHECK(why.code == pyactor::errc::python_exception);
    CHECK(why.type == "builtins.RuntimeError");
    CHECK(why.message == "fail");
    CHECK_THAT(why.traceback, ContainsSubstring("in children"));
    CHECK_THAT(why.traceback, ContainsSubstring("raise RuntimeError"));
  };
  for (std::string tree : {"Failing", "Above"}) {
    INFO(tree);
    auto refused
      = x.world.call(actor, "run", "trees." + tree + ".start(then='heard')");
    REQUIRE_FALSE(refused);
    check(refused.error());
    auto declared = declare_tree(x.world.python(), "trees:" + tree);
    REQUIRE_FALSE(declared);
    check(declared.error());
  }
  // No child has said that it started, nobody has heard an outcome.
  REQUIRE(x.world.call(actor, "run", "pyactor.send('test', 'alive')"));
  CHECK(x.hear() == "alive");
}

TEST_CASE(
  "sup_start_map_faulty_specs: children() with one that has no id or no "
  "target, or that is no Child, starts nothing",
  "[python_start]") {
  python_tree_world x{R"(
import math

class Faulty(pyactor.Supervisor):
    give_up_is_failure = False # as in OTP
    what = None

    def children(self):
        yield pyactor.Child("good", Counter, start_timeout=math.inf)
        yield eval(self.what, globals())
)"};
  auto actor = x.starter();
  const std::pair<std::string, std::string> cases[] = {
    {"pyactor.Child(target=Counter)", "child None: id is missing"},
    {"pyactor.Child('c')", "child 'c': target is missing"},
    {"{'id': 'c', 'target': Counter}",
     "children() must give pyactor.Child objects, not {'id': 'c'"},
  };
  for (const auto& [what, said] : cases) {
    INFO(what);
    auto refused = x.world.call(actor, "run",
                                "trees.Faulty.what = \"" + what
                                  + "\"\ntrees.Faulty.start(then='heard')");
    REQUIRE_FALSE(refused);
    CHECK_THAT(to_string(refused.error()),
               ContainsSubstring("builtins.TypeError: Faulty: " + said));
  }
  REQUIRE(x.world.call(actor, "run", "pyactor.send('test', 'alive')"));
  CHECK(x.hear() == "alive");
}

TEST_CASE("sup_start_ignore_init: children() that raises StartIgnored starts "
          "nothing, which is no failure, and nobody ends",
          "[python_start]") {
  python_tree_world x{R"(
import math

class Idle(pyactor.Supervisor):
    give_up_is_failure = False # as in OTP

    def children(self):
        yield pyactor.Child("never", Counter, start_timeout=math.inf)
        raise pyactor.StartIgnored("nothing to do")

class Above(pyactor.Supervisor):
    give_up_is_failure = False

    def children(self):
        return [pyactor.Child("first", Counter, args=("first",),
                              start_timeout=math.inf),
                pyactor.Child("below", Idle),
                pyactor.Child("gone", Idle, restart="temporary"),
                pyactor.Child("last", Counter, args=("last",),
                              start_timeout=math.inf)]
)"};
  auto actor = x.starter();
  auto refused = x.world.call(actor, "run", "trees.Idle.start(then='heard')");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().type == "pyactor.StartIgnored");
  auto declared = declare_tree(x.world.python(), "trees:Idle");
  REQUIRE_FALSE(declared);
  CHECK(declared.error().code == pyactor::errc::start_ignored);
  CHECK_THAT(declared.error().message, ContainsSubstring("trees:Idle"));

  REQUIRE(
    x.world.call(actor, "run", "me.tree = trees.Above.start(then='heard')"));
  CHECK(x.hear() == "started first");
  CHECK(x.hear() == "started last");
  CHECK(x.hear() == "outcome  0 None ");
  REQUIRE(
    x.world.call(actor, "run", "me.tree.restart_child('below', then='heard')"));
  CHECK(x.hear() == "outcome below 0 None ");
  auto top = *as_supervisor(x.world.call(actor, "get", "me.tree.ref").value());
  CHECK(top.count_children() == child_counts{3, 2, 1, 2});
  CHECK(top.which_child("below")->status == child_status::stopped);
  CHECK(top.statistics()->shutdown_errors == 0);
}

} // namespace python_start_test
