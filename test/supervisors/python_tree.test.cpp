// Trees that are declared in Python, in real time.

#include <pyactor/test/supervisors/python_tree_world.hpp>

#include <regex>

namespace python_tree_test {

using namespace pyactor::supervisors;
using pyactor::value;
using pyactor::runtime::call;
using pyactor::test::any_context;
using pyactor::test::patience;
using pyactor::test::python_tree_world;

namespace {

constexpr auto counters = R"(
class Counters(pyactor.Supervisor):
    intensity = 5

    def children(self, *starts):
        for i, start in enumerate(starts):
            yield pyactor.Child(f"c{i}", Counter, args=(f"c{i}",),
                                kwargs={"start": start})

class Nested(pyactor.Supervisor):
    strategy = "rest_for_one"

    def children(self):
        return [pyactor.Child("first", Counter, args=("first",)),
                pyactor.Child("below", Counters, args=(1,)),
                pyactor.Child("last", "trees:Counter", args=("last",))]
)";

/// Calls a method of a child and awaits its answer.
value ask(python_tree_world& x, const supervisor_ref& tree,
          const std::string& id, call what) {
  value result;
  tree.child(id)
    .request(x.world.client(), patience, std::move(what))
    .receive([&](const value& answer) { result = answer; },
             [&](const caf::error& why) { result = to_string(why); });
  return result;
}

void crash(python_tree_world& x, const supervisor_ref& tree,
           const std::string& id) {
  ask(x, tree, id, {"crash"});
}

/// @returns `text` without what changes with time
std::string without_times(const std::string& text) {
  static const std::regex figure{R"([0-9.]+(e[-+][0-9]+)?(ms|s|m|h)?)"};
  static const std::regex gap{" +"};
  return std::regex_replace(std::regex_replace(text, figure, "N"), gap, " ");
}

} // namespace

TEST_CASE("a tree that Python declares starts from C++ in the order of its "
          "list, with its arguments",
          "[python_tree]") {
  python_tree_world x{counters, any_context()};
  auto tree = x.start("Counters", {.positional = {10, 20}});
  CHECK(x.hear() == "started c0");
  CHECK(x.hear() == "started c1");
  CHECK(ask(x, tree, "c0", {"add", {.positional = {1}}}) == value{11});
  CHECK(ask(x, tree, "c1", {"add", {.positional = {1}}}) == value{21});
  CHECK(tree.stop());
}

TEST_CASE("a child of a declared tree restarts with fresh state",
          "[python_tree]") {
  python_tree_world x{counters, any_context()};
  auto tree = x.start("Counters", {.positional = {10}});
  CHECK(x.hear() == "started c0");
  CHECK(ask(x, tree, "c0", {"add", {.positional = {5}}}) == value{15});
  crash(x, tree, "c0");
  CHECK(x.hear() == "ended c0");
  CHECK(x.hear() == "started c0");
  REQUIRE(
    x.world.eventually([&] { return tree.child("c0").incarnation() == 2; }));
  CHECK(ask(x, tree, "c0", {"add", {.positional = {0}}}) == value{10});
  CHECK(tree.stop());
}

TEST_CASE("a declared supervisor below a declared one is a supervisor of its "
          "own, with its own children",
          "[python_tree]") {
  python_tree_world x{counters, any_context()};
  auto top = x.start("Nested");
  for (auto* id : {"first", "c0", "last"})
    CHECK(x.hear() == std::string{"started "} + id);
  auto seen = tree(top).value();
  REQUIRE(seen.children.size() == 3);
  CHECK(seen.supervisor->strategy == restart_strategy::rest_for_one);
  CHECK(seen.children[1].id == "below");
  CHECK(seen.children[1].type == child_type::supervisor);
  CHECK(seen.children[1].supervisor->intensity == 5);
  CHECK(seen.children[1].children.at(0).id == "c0");
  CHECK(top.stop());
  for (auto* id : {"last", "c0", "first"})
    CHECK(x.hear() == std::string{"ended "} + id);
}

TEST_CASE("a supervisor of C++ has a child supervisor that Python declares",
          "[python_tree]") {
  python_tree_world x{counters, any_context()};
  auto below
    = declare_tree(x.world.python(), "trees:Counters", {.positional = {1, 2}})
        .value();
  auto top = start_supervisor(x.world.system(), {},
                              {{.id = "below",
                                .start = supervise(below.flags, below.specs),
                                .type = child_type::supervisor}})
               .value();
  CHECK(x.hear() == "started c0");
  CHECK(x.hear() == "started c1");
  CHECK(top.cycle_child("below")->incarnation == 2);
  for (auto* what : {"ended c1", "ended c0", "started c0", "started c1"})
    CHECK(x.hear() == what);
  CHECK(tree(top)->children.at(0).children.size() == 2);
  CHECK(top.stop());
}

TEST_CASE("a tree in Python has children that C++ starts, actors and "
          "supervisors",
          "[python_tree]") {
  python_tree_world x{R"(
class Mixed(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("store", pyactor.Native("store"), args=(7,)),
                pyactor.Child("group", pyactor.Native("group")),
                pyactor.Child("python", Counter)]
)",
                      any_context()};
  auto store = [](int64_t content) {
    return caf::behavior{
      [content](const call&) { return value{content}; },
    };
  };
  auto make
    = [=](const pyactor::arguments& args) -> pyactor::expected<start_fn> {
    return start_function(store, *args.positional.at(0).as_int64());
  };
  REQUIRE(x.natives->add("store", {make}));
  REQUIRE(x.natives->add(
    "group",
    supervise({}, {{.id = "inner", .start = start_function(store, 8)}}),
    child_type::supervisor));
  auto top = x.start("Mixed");
  CHECK(ask(x, top, "store", {"get"}) == value{7});
  auto seen = tree(top).value();
  CHECK(seen.children.at(1).children.at(0).id == "inner");
  CHECK(seen.children.at(2).context == "default/0");
  CHECK(top.stop());
}

TEST_CASE("an actor in Python starts a tree in its own context and hears when "
          "it has started",
          "[python_tree]") {
  python_tree_world x{counters, any_context()};
  auto starter = x.starter();
  REQUIRE(x.world.call(starter, "run",
                       "me.tree = trees.Counters.start(1, then='heard')"));
  CHECK(x.hear() == "started c0");
  CHECK(x.hear() == "outcome  0 None ");
  SECTION("its child reference leads to each incarnation") {
    REQUIRE(x.world.call(starter, "run",
                         "me.c0 = me.tree.child('c0')\n"
                         "me.c0.send('add', 1)\n"
                         "me.c0.send('report')"));
    CHECK(x.hear() == "value 2");
    REQUIRE(
      x.world.call(starter, "run", "me.tree.cycle_child('c0', then='heard')"));
    CHECK(x.hear() == "ended c0");
    CHECK(x.hear() == "started c0");
    CHECK(x.hear() == "outcome c0 2 None ");
    REQUIRE(x.world.call(starter, "run", "me.c0.send('report')"));
    CHECK(x.hear() == "value 1");
  }
  SECTION("it hears what a start function in C++ has told") {
    auto listen = [](const start_context& context) -> start_result {
      context.tell(caf::make_message(value{8080}));
      return start_function([] { return caf::behavior{[](int) {}}; })(context);
    };
    REQUIRE(x.natives->add("server", start_fn{listen}));
    REQUIRE(x.world.call(starter, "run",
                         "me.tree.start_child(pyactor.Child('server', "
                         "pyactor.Native('server')), then='told')"));
    CHECK(x.hear()
          == "told {'child': 'server', 'incarnation': 2, 'error': None, "
             "'message': '', 'told': 8080}");
  }
  SECTION("it has the supervisor make an id") {
    REQUIRE(x.world.call(starter, "run",
                         "me.tree.start_child(pyactor.Child('*', "
                         "trees.Counter), then='heard')"));
    CHECK(x.hear() == "started counter");
    CHECK(x.hear() == "outcome child-1 2 None ");
  }
  SECTION("a reference to a stopped child says so") {
    REQUIRE(x.world.call(starter, "run",
                         "me.tree.terminate_child('c0', then='heard')"));
    CHECK(x.hear() == "ended c0");
    CHECK(x.hear() == "outcome c0 0 None ");
    auto failed
      = x.world.call(starter, "run", "me.tree.child('c0').send('report')");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().type == "pyactor.DeadActorError");
    CHECK(failed.error().message == "child 'c0' does not run: stopped");
    CHECK(x.world.call(starter, "get", "me.tree.child('c0').alive").value()
          == value{false});
    REQUIRE(x.world.call(starter, "run",
                         "me.tree.restart_child('c0', then='heard')"));
    CHECK(x.hear() == "started c0");
    CHECK(x.hear() == "outcome c0 2 None ");
  }
  SECTION("it answers questions") {
    auto text = x.world.call(starter, "get", "me.tree.text()").value();
    CHECK(text.as_str()->find("└── c0") != std::string::npos);
    CHECK(x.world.call(starter, "get", "me.tree.which_children()[0]['context']")
            .value()
          == value{"default/0"});
    CHECK(x.world.call(starter, "get", "me.tree.which_child('c0')['status']")
            .value()
          == value{"running"});
    auto unknown = x.world.call(starter, "run", "me.tree.which_child('c7')");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().message == "there is no child 'c7'");
  }
  SECTION("nothing else is taken for a tree, nor a child for an actor") {
    auto no_tree = x.world.call(starter, "run", "pyactor.Tree(pyactor.self())");
    REQUIRE_FALSE(no_tree);
    CHECK(no_tree.error().type == "builtins.TypeError");
    auto no_actor = x.world.call(starter, "run",
                                 "pyactor.register('c', me.tree.child('c0'))");
    REQUIRE_FALSE(no_actor);
    CHECK(no_actor.error().message
          == "child 'c0' cannot have a name: it is no actor");
  }
  SECTION("references to one child are equal") {
    CHECK(x.world
            .call(starter, "get",
                  "(me.tree.child('c0') == me.tree.child('c0'), "
                  "me.tree.child('c0') == me.tree.child('c1'))")
            .value()
          == value::tuple({true, false}));
  }
  SECTION("an order that fails says why") {
    REQUIRE(
      x.world.call(starter, "run", "me.tree.cycle_child('c7', then='heard')"));
    CHECK(x.hear() == "outcome c7 0 not_found not_found 'c7'");
  }
  SECTION("it stops on demand") {
    REQUIRE(x.world.call(starter, "run", "me.tree.stop(then='heard')"));
    CHECK(x.hear() == "ended c0");
    CHECK(x.hear() == "outcome  0 None ");
    auto failed = x.world.call(starter, "run", "me.tree.text()");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().type == "pyactor.supervision.SupervisionError");
    CHECK(x.world.call(starter, "get", "me.tree.ref.alive").value()
          == value{false});
  }
}

TEST_CASE("a tree prints in Python as it does in C++", "[python_tree]") {
  python_tree_world x{counters, any_context()};
  auto top = x.start("Nested");
  auto keeper = x.world.spawn(R"(
import pyactor

class Main(pyactor.Actor):
    def text(self, ref):
        return pyactor.Tree(ref).text()

    def json(self, ref):
        return pyactor.Tree(ref).json()

    def ids(self, ref):
        return [x["id"] for x in pyactor.Tree(ref).which_children()]

    def counts(self, ref):
        return pyactor.Tree(ref).count_children()
)");
  auto text = x.world.call(keeper, "text", as_value(top)).value();
  auto seen = tree(top).value();
  CHECK(without_times(*text.as_str()) == without_times(to_text(seen)));
  auto json = x.world.call(keeper, "json", as_value(top)).value();
  CHECK(without_times(*json.as_str()) == without_times(to_json(seen)));
  CHECK(x.world.call(keeper, "ids", as_value(top)).value()
        == value::list({"first", "below", "last"}));
  CHECK(to_string(x.world.call(keeper, "counts", as_value(top)).value())
        == "{'specs': 3, 'active': 3, 'supervisors': 1, 'workers': 2}");
  CHECK(top.stop());
}

TEST_CASE("a tree that an actor has started ends with that actor",
          "[python_tree]") {
  python_tree_world x{counters, any_context()};
  auto starter = x.starter();
  REQUIRE(x.world.call(starter, "run", "me.tree = trees.Counters.start(1)"));
  CHECK(x.hear() == "started c0");
  auto tree
    = as_supervisor(x.world.call(starter, "get", "me.tree.ref").value());
  REQUIRE(tree);
  caf::anon_send_exit(starter, caf::exit_reason::user_shutdown);
  CHECK(x.hear() == "ended c0");
  starter = {};
  CHECK(tree->stop());
  CHECK(x.world.await_environments(0));
}

TEST_CASE("a tree ends with the last reference that Python has to it",
          "[python_tree]") {
  python_tree_world x{counters};
  auto starter = x.starter();
  REQUIRE(x.world.call(starter, "run", "me.tree = trees.Counters.start(1)"));
  CHECK(x.hear() == "started c0");
  REQUIRE(x.world.call(starter, "run", "del me.tree"));
  CHECK(x.hear() == "ended c0");
}

TEST_CASE("an actor that starts a tree hears which child could not start",
          "[python_tree]") {
  python_tree_world x{R"(
class Failing(pyactor.Actor):
    def __init__(self):
        raise ValueError("no model")

class Half(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("first", Counter, args=("first",)),
                pyactor.Child("second", Failing)]
)",
                      any_context()};
  auto starter = x.starter();
  REQUIRE(
    x.world.call(starter, "run", "me.tree = trees.Half.start(then='heard')"));
  CHECK(x.hear() == "started first");
  CHECK(x.hear() == "ended first");
  auto outcome = x.hear();
  CHECK(outcome.starts_with("outcome second 0 failed_to_start_child "));
  CHECK(outcome.find("no model") != std::string::npos);
}

TEST_CASE("children on demand get the arguments of their Child, then their own",
          "[python_tree]") {
  python_tree_world x{R"(
class Jobs(pyactor.Supervisor):
    strategy = "simple_one_for_one"
    max_children = 2

    def children(self):
        return [pyactor.Child("job", Counter, args=("a job",),
                              restart="temporary")]
)",
                      any_context()};
  auto starter = x.starter();
  REQUIRE(x.world.call(starter, "run",
                       "me.jobs = trees.Jobs.start()\n"
                       "me.jobs.start_child(5, then='heard')"));
  CHECK(x.hear() == "started a job");
  CHECK(x.hear() == "outcome job-1 1 None ");
  REQUIRE(
    x.world.call(starter, "run", "me.jobs.child('job-1').send('report')"));
  CHECK(x.hear() == "value 5");
  REQUIRE(
    x.world.call(starter, "run", "me.jobs.start_child(start=6, then='heard')"));
  CHECK(x.hear() == "started a job");
  CHECK(x.hear() == "outcome job-2 2 None ");
  REQUIRE(x.world.call(starter, "run", "me.jobs.start_child(then='heard')"));
  CHECK(x.hear().starts_with("outcome  0 max_children "));
}

TEST_CASE("a child is added to a running tree as it would be declared",
          "[python_tree]") {
  python_tree_world x{counters, any_context()};
  auto starter = x.starter();
  REQUIRE(x.world.call(
    starter, "run",
    "me.tree = trees.Counters.start()\n"
    "me.tree.start_child(pyactor.Child('below', trees.Counters, args=(1, 2)), "
    "then='heard')"));
  CHECK(x.hear() == "started c0");
  CHECK(x.hear() == "started c1");
  CHECK(x.hear() == "outcome below 1 None ");
  auto refused = x.world.call(
    starter, "run",
    "me.tree.start_child(pyactor.Child('c', trees.Counter, restart=1))");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.starts_with(
    "start_child: child 'c': restart must be one of"));
}

TEST_CASE("a reference to a child that its probe has not found ready is not "
          "alive, and sends nothing",
          "[python_tree]") {
  python_tree_world x{R"(
class Slow(pyactor.Actor):
    def __init__(self):
        self.is_ready = False

    def ready(self):
        pyactor.send("test", "asked")
        return self.is_ready

    def use(self):
        pyactor.send("test", "used")

class Slows(pyactor.Supervisor):
    def children(self):
        return [pyactor.Child("slow", Slow, readiness=pyactor.Probe(
            "ready", period=0.001, timeout=60))]
)",
                      any_context()};
  auto starter = x.starter();
  REQUIRE(x.world.call(starter, "run", "me.tree = trees.Slows.start()"));
  CHECK(x.hear() == "asked");
  auto failed
    = x.world.call(starter, "run", "me.tree.child('slow').send('use')");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().type == "pyactor.DeadActorError");
  CHECK(failed.error().message == "child 'slow' is not ready");
}

} // namespace python_tree_test
