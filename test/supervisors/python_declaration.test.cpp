// What is wrong with a tree that Python declares is said before any of it
// starts.

#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <catch2/matchers/catch_matchers_string.hpp>

namespace python_declaration_test {

using namespace pyactor::supervisors;
using Catch::Matchers::ContainsSubstring;
using pyactor::test::python_tree_world;

namespace {

/// Has the class to be declared, `T`, made of what a test says.
constexpr auto factory = R"(
class Base(pyactor.Supervisor):
    def children(self, text):
        yield pyactor.Child("good", Counter, args=("good",))
        yield from eval(text, globals())

def declare(text, **flags):
    type("T", (Base,), flags).start(text)
)";

struct declaring_world : python_tree_world {
  declaring_world() : python_tree_world(factory) {
  }

  /// @returns type and message of what the statement raises
  std::string refusal(const std::string& statement) {
    auto done = world.call(actor, "run", statement);
    if (done)
      return "nothing";
    return done.error().type + ": " + done.error().message;
  }

  /// The same for a tree with this child, after a good one.
  std::string of_child(const std::string& child) {
    return refusal("trees.declare(\"[pyactor." + child + "]\")");
  }

  caf::actor actor = starter();
};

struct wrong {
  std::string what;
  std::string said;
};

} // namespace

TEST_CASE("child_specs: a wrong field of a declared child is refused by the "
          "names of supervisor, child and field, and with what is allowed",
          "[python_declaration]") {
  declaring_world x;
  const std::string type_error = "builtins.TypeError: T: ";
  const std::string value_error = "builtins.ValueError: T: ";
  const wrong cases[] = {
    {"Child()", type_error + "child None: id is missing; it must be a str"},
    {"Child('')", value_error + "child '': id must be a str that is not empty"},
    {"Child('c')", type_error
                     + "child 'c': target is missing; it must be an actor "
                       "class, 'module:Class', a supervisor class or a "
                       "pyactor.Native"},
    {"Child('c', 5)", value_error + "child 'c': target must be an actor class"},
    {"Child('c', dict)",
     type_error + "child 'c': target: cannot spawn <class 'dict'>: it must be"},
    {"Child('c', 'Counter')",
     value_error + "child 'c': target: cannot spawn 'Counter': it must have"},
    {"Child('c', pyactor.Native('stor'))",
     value_error + "child 'c': C++ has registered no 'stor'; there is 'store'"},
    {"Child('c', pyactor.Native('store'), args=(1,))",
     value_error + "child 'c': args: it takes no arguments"},
    {"Child('c', pyactor.Native('store'), pool='default')",
     value_error
       + "child 'c': pool must be left out: it is not for a pyactor.Native"},
    {"Child('c', Counter, restrat='transient')",
     type_error
       + "child 'c': there is no field 'restrat', did you mean 'restart'?; "
         "there are id, target, args"},
    {"Child('c', Counter, restart='always')",
     value_error
       + "child 'c': restart must be one of 'permanent', 'transient', "
         "'temporary', not 'always'"},
    {"Child('c', Counter, (), {}, 'transient', restart='permanent')",
     type_error + "child 'c': restart was given twice"},
    {"Child('c', Counter, args=5)",
     value_error + "child 'c': args must be a tuple or list, not 5"},
    {"Child('c', Counter, args=(object(),))",
     type_error + "child 'c': args: $[0][0]:"},
    {"Child('c', Counter, kwargs={1: 2})",
     type_error + "child 'c': kwargs must be a dict whose keys are str"},
    {"Child('c', Counter, significant=1)",
     value_error + "child 'c': significant must be True or False, not 1"},
    {"Child('c', Counter, significant=True)", value_error + "child 'c': "},
    {"Child('c', Counter, shutdown='now')",
     value_error
       + "child 'c': shutdown must be a number of seconds of at least 0, or "
         "math.inf, or one of 'kill', not 'now'"},
    {"Child('c', Counter, shutdown=-1)",
     value_error + "child 'c': shutdown must be a number of seconds of at"},
    {"Child('c', Counter, start_timeout=float('nan'))",
     value_error + "child 'c': start_timeout must be a number of seconds"},
    {"Child('c', Counter, backoff=3)",
     value_error + "child 'c': backoff must be a pyactor.Backoff, not 3"},
    {"Child('c', Counter, backoff=pyactor.Backoff(initial=-1))",
     value_error
       + "child 'c': backoff: initial must be a number of seconds above 0, "
         "not -1"},
    {"Child('c', Counter, backoff=pyactor.Backoff(initial=9, max=1))",
     value_error + "child 'c': "},
    {"Child('c', Counter, limit=pyactor.Limit(-1))",
     value_error + "child 'c': limit: intensity must be an int of at least 0"},
    {"Child('c', Counter, limit=pyactor.Limit(1, float('inf')))",
     value_error
       + "child 'c': limit: period must be a number of seconds above 0, not "
         "inf"},
    {"Child('c', Counter, readiness=pyactor.Probe())",
     type_error + "child 'c': readiness: method is missing"},
    {"Child('c', Counter, readiness=pyactor.Probe('ready', perod=1))",
     type_error
       + "child 'c': readiness: there is no field 'perod', did you mean "
         "'period'?"},
    {"Child('c', Counter, liveness=pyactor.Probe('ready', "
     "success_threshold=2))",
     value_error + "child 'c': "},
    {"Child('c', Counter, classify={'ValueError': 'fatal'})",
     type_error
       + "child 'c': classify must be a dict from exception types to one of "
         "'normal', 'shutdown', 'abnormal', 'fatal', not {'ValueError': "
         "'fatal'}"},
    {"Child('c', Counter, classify={ValueError: 'bad'})",
     type_error + "child 'c': classify must be a dict from exception types"},
    {"Child('c', Base, args=('[]',), classify={ValueError: 'fatal'})",
     value_error
       + "child 'c': classify must be left out: it is not for a "
         "pyactor.Supervisor"},
    {"Child('c', Counter, kill_grace=-1)",
     value_error
       + "child 'c': kill_grace must be a number of seconds of at least 0, "
         "not -1"},
    {"Child('c', Counter, max_handler_time=0)",
     value_error
       + "child 'c': max_handler_time must be a number of seconds above 0, "
         "not 0"},
    {"Child('c', Base, args=('[]',), max_handler_time=1)",
     value_error
       + "child 'c': max_handler_time must be left out: it is not for a "
         "pyactor.Supervisor"},
    {"Child('c', Counter, while_down='drop')",
     value_error
       + "child 'c': while_down must be one of 'fail_fast', or a "
         "pyactor.Buffer, or a pyactor.DeadLetters, not 'drop'"},
    {"Child('c', Counter, while_down=pyactor.Buffer(0))",
     value_error
       + "child 'c': while_down: capacity must be an int of at least 1, not 0"},
    {"Child('c', Counter, while_down=pyactor.Buffer(ttl=0))",
     value_error
       + "child 'c': while_down: ttl must be a number of seconds above 0, or "
         "math.inf, not 0"},
    {"Child('c', Counter, while_down=pyactor.DeadLetters('test', 'lost'))",
     value_error + "child 'c': while_down: to must be an ActorRef, not 'test'"},
    {"Child('c', Counter, while_down=pyactor.DeadLetters("
     "pyactor.whereis('test'), '_lost'))",
     value_error
       + "child 'c': while_down: method must be the name of a public method"},
    {"Child('c', Counter, register_as='')",
     value_error
       + "child 'c': register_as must be a str that is not empty, not ''"},
    {"Child('c', Counter, register_as='x'), pyactor.Child('d', Counter, "
     "register_as='x')",
     value_error + "child 'd': two child specs have the same register_as"},
    {"Child('c', Counter, isolation='process')",
     value_error
       + "child 'c': isolation must be one of 'instance', 'subinterpreter', "
         "not 'process'"},
    {"Child('c', Counter, isolation='subinterpreter', context=0)",
     value_error
       + "child 'c': context must be left out: a child with a subinterpreter "
         "of its own lives in none of the pool's"},
    {"Child('c', Base, args=('[]',), isolation='subinterpreter')",
     value_error
       + "child 'c': isolation must be left out: it is not for a "
         "pyactor.Supervisor"},
    {"Child('c', Counter, pool='fast')",
     value_error + "child 'c': pool must be one of 'default', not 'fast'"},
    {"Child('c', Counter, context=1)",
     value_error + "child 'c': context must be below 1 in pool 'default'"},
    {"Child('c', Base, args=('[]',), liveness=pyactor.Probe('ready'))",
     value_error
       + "child 'c': liveness must be left out: it is not for a "
         "pyactor.Supervisor"},
    {"Child('good', Counter)",
     value_error + "child 'good': two child specs have the same id"},
  };
  REQUIRE(x.natives->add(
    "store", start_function([] { return caf::behavior{[](int) {}}; })));
  for (const auto& each : cases) {
    INFO(each.what);
    CHECK_THAT(x.of_child(each.what), ContainsSubstring(each.said));
  }
  // Nothing was started, and the actor lives on.
  REQUIRE(x.world.call(x.actor, "run", "pyactor.send('test', 'alive')"));
  CHECK(x.hear() == "alive");
}

TEST_CASE("child_specs_map: a significant child needs auto_shutdown, and must "
          "not be permanent; all else goes with all in Python, too",
          "[python_declaration]") {
  declaring_world x;
  REQUIRE(x.world.call(x.actor, "run", R"(
import itertools
import math
import pyactor.supervision_declaration as declaration

tried = 0
for end, restart, shutdown, target, significant in itertools.product(
        ("never", "any_significant", "all_significant"),
        (None, "permanent", "transient", "temporary"),
        (None, "kill", 0, 1, math.inf), ("trees:Counter", trees.Base),
        (None, False, True)):
    given = {"restart": restart, "shutdown": shutdown,
             "significant": significant}
    child = pyactor.Child("c", target, ("[]",), **{
        name: x for name, x in given.items() if x is not None})

    class T(pyactor.Supervisor):
        auto_shutdown = end

        def children(self):
            return [child]

    is_bad = significant and (end == "never"
                              or restart in (None, "permanent"))
    try:
        declaration.declare(T, (), {})
    except ValueError as why:
        assert is_bad, why
        assert str(why).startswith("T: child 'c': a significant child"), why
    else:
        assert not is_bad, (end, given)
    tried += 1
pyactor.send("test", "tried", tried)
)"));
  CHECK(x.hear() == "tried 360");
}

TEST_CASE("child_specs: a declared supervisor of simple_one_for_one has one "
          "child",
          "[python_declaration]") {
  declaring_world x;
  for (std::string children : {"", "Child('a', Counter), Child('b', Counter)"})
    CHECK_THAT(
      x.refusal("from pyactor import Child\n"
                "Counter = trees.Counter\n"
                "class T(pyactor.Supervisor):\n"
                "    strategy = 'simple_one_for_one'\n"
                "    def children(self): return ["
                + children + "]\nT.start()"),
      ContainsSubstring("T: simple_one_for_one needs exactly one child spec"));
}

TEST_CASE("sup_flags: wrong flags of a declared supervisor are refused by "
          "their names",
          "[python_declaration]") {
  declaring_world x;
  const wrong cases[] = {
    {"strategy='all'", "ValueError: T: strategy must be one of 'one_for_one', "
                       "'one_for_all', 'rest_for_one', 'simple_one_for_one', "
                       "not 'all'"},
    {"intensity=1.5", "ValueError: T: intensity must be an int of at least 0"},
    {"intensity=-1", "ValueError: T: intensity must be an int of at least 0"},
    {"intensity=float('inf')",
     "ValueError: T: intensity must be an int of at least 0, not inf"},
    {"intensity=True", "TypeError: T: intensity must be an int of at least 0"},
    {"period=0", "ValueError: T: period must be a number of seconds above 0"},
    {"period=float('inf')",
     "ValueError: T: period must be a number of seconds above 0, not inf"},
    {"period=None", "TypeError: T: period must be a number of seconds above 0"},
    {"auto_shutdown='some'",
     "ValueError: T: auto_shutdown must be one of 'never', "
     "'any_significant', 'all_significant', not 'some'"},
    {"stop_order='any'", "ValueError: T: stop_order must be one of"},
    {"max_children=0", "ValueError: T: max_children must be an int of at"},
    {"on_limit='give_up'",
     "ValueError: T: on_limit must be one of 'shutdown_self', 'stop_child', "
     "'keep_backoff', 'abort_process', not 'give_up'"},
    {"max_zombies=0",
     "ValueError: T: max_zombies must be an int of at least 1"},
    {"give_up_is_failure=None",
     "TypeError: T: give_up_is_failure must be True or False, not None"},
    {"throttle=4", "ValueError: T: throttle must be a pyactor.Throttle, not 4"},
    {"throttle=pyactor.Throttle(0)",
     "ValueError: T: throttle: max_concurrent_starts must be an int of at "
     "least 1, or None, not 0"},
    {"throttle=pyactor.Throttle(restarts_per_second=0)",
     "ValueError: T: throttle: restarts_per_second must be a number above 0"},
    {"throttle=pyactor.Throttle(restart_burst=0)",
     "ValueError: T: throttle: restart_burst must be an int of at least 1"},
    {"throttle=pyactor.Throttle(burst=1)",
     "TypeError: T: throttle: there is no field 'burst'"},
    {"events=4", "ValueError: T: events must be a pyactor.EventStream, not 4"},
    {"events=pyactor.EventStream",
     "TypeError: T: events must be a pyactor.EventStream, not <class"},
    {"event=None", "TypeError: T: there is no field 'event', did you mean "
                   "'events'?"},
    {"intensiti=3",
     "TypeError: T: there is no field 'intensiti', did you mean 'intensity'?"},
    {"strategy='one_for_all', max_children=3", "ValueError: T: "},
    {"strategy='simple_one_for_one', auto_shutdown='any_significant'",
     "ValueError: T: "},
  };
  for (const auto& each : cases) {
    INFO(each.what);
    CHECK_THAT(x.refusal("trees.declare('[]', " + each.what + ")"),
               ContainsSubstring(each.said));
  }
}

TEST_CASE("sup_flags: a declared class may have constants of its own",
          "[python_declaration]") {
  declaring_world x;
  for (auto* constant : {"agents", "clients", "patience"}) {
    INFO(constant);
    CHECK(x.refusal("trees.declare('[]', " + std::string{constant} + "=3)")
          == "nothing");
  }
}

TEST_CASE("children() that gives something else than children is refused",
          "[python_declaration]") {
  python_tree_world x{R"(
class Undefined(pyactor.Supervisor):
    pass

class Nothing(pyactor.Supervisor):
    def children(self): pass

class One(pyactor.Supervisor):
    def children(self): return pyactor.Child("c", Counter)

class Classes(pyactor.Supervisor):
    def children(self): return [Counter]

class Raising(pyactor.Supervisor):
    def children(self): return 1 / 0

class Endless(pyactor.Supervisor):
    def children(self): return [pyactor.Child("below", Endless)]

class Wrong(pyactor.Supervisor):
    def children(self): return [pyactor.Child("c", Counter, backoff=1)]

class Above(pyactor.Supervisor):
    def children(self): return [pyactor.Child("below", Wrong)]
)"};
  const wrong cases[] = {
    {"trees:Undefined", "Undefined does not define children()"},
    {"trees:Nothing",
     "Nothing: children() must return a list of pyactor.Child"},
    {"trees:One", "One: children() must return a list of pyactor.Child"},
    {"trees:Classes", "Classes: children() must give pyactor.Child objects"},
    {"trees:Raising", "division by zero"},
    {"trees:Endless", "Endless: supervisors must not be nested deeper than 50"},
    {"trees:Above", "Wrong: child 'c': backoff must be"},
    {"trees:Counter", "'trees:Counter' must be 'module:Class', a subclass of "
                      "pyactor.Supervisor"},
    {"trees", "'trees' must be 'module:Class'"},
    {"nowhere:Class", "No module named 'nowhere'"},
  };
  for (const auto& each : cases) {
    INFO(each.what);
    auto refused = declare_tree(x.world.python(), each.what);
    REQUIRE_FALSE(refused);
    CHECK_THAT(to_string(refused.error()), ContainsSubstring(each.said));
  }
}

TEST_CASE("a place that does not exist is an error of the declaration",
          "[python_declaration]") {
  python_tree_world x{""};
  CHECK_FALSE(
    declare_tree(x.world.python(), "trees:T", {}, {.pool = "nowhere"}));
}

} // namespace python_declaration_test
