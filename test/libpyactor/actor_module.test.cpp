#include <pyactor/libpyactor/capi/actor_module.hpp>

#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace actor_module_test {

using namespace pyactor;

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

#define TEST(what) TEST_CASE(what, "[actor_module]")

namespace {

arguments positional(std::vector<value> items) {
  return {.positional = std::move(items), .keyword = {}};
}

constexpr auto in_thread = R"(
import threading

def in_thread(function, *args):
    result = []
    def run():
        try:
            result.append(function(*args))
        except Exception as e:
            result.append(f"{type(e).__name__}: {e}")
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return result[0]
)";

} // namespace

TEST(
  "importing pyactor gives a package with a name, a file and documentation") {
  python_world world{any_kind()};
  attached_python here{world};
  CHECK(here.eval<std::string>("pyactor.__name__") == "pyactor");
  CHECK(here.eval<std::string>("pyactor.__file__") == "<pyactor>/__init__.py");
  CHECK(here.eval<std::string>("pyactor.__spec__.origin")
        == "<pyactor>/__init__.py");
  CHECK(here.eval<bool>("pyactor.__spec__.parent == 'pyactor'"));
  CHECK(here.eval("[n for n in pyactor.__all__"
                  " if not getattr(pyactor, n).__doc__]")
        == value::list({}));
  CHECK(here.eval<std::string>("repr(pyactor)")
        == "<module 'pyactor' (<pyactor>/__init__.py)>");
  here.exec("import inspect");
  CHECK_THAT(here.eval<std::string>("inspect.getsource(pyactor.whereis)"),
             StartsWith("def whereis(name: str)"));
  CHECK(here.eval<std::string>("str(inspect.signature(pyactor.send))")
        == "(receiver: 'ActorRef | str', method: 'str', /, *args, **kwargs)"
           " -> 'None'");
  CHECK(here.eval<std::string>("str(inspect.signature(pyactor.ActorRef.send))")
        == "(self, method, /, *args, **kwargs)");
}

TEST("a traceback through the package shows the package's lines") {
  python_world world{any_kind()};
  attached_python here{world};
  auto done = here.env.exec(here.py, "pyactor.whereis(7)");
  REQUIRE(!done);
  CHECK_THAT(done.error().traceback,
             ContainsSubstring("File \"<pyactor>/__init__.py\", line")
               && ContainsSubstring("return _pyactor.whereis(name)"));
}

TEST("installing the package a second time changes nothing") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec("first = pyactor.Actor");
  REQUIRE(capi::install_package(here.py));
  here.exec("import sys");
  CHECK(here.eval<bool>("sys.modules['pyactor'].Actor is first"));
}

TEST("a second thread of the main interpreter shares the package") {
  python_world world;
  {
    attached_python here{world};
    here.exec("import sys; sys.first_actor = pyactor.Actor");
  }
  std::jthread{[&world] {
    auto mine = world.open(interpreter_kind::main);
    attach_scope py{*mine};
    environment env{py};
    CHECK(env.exec(py, "import sys, pyactor"));
    CHECK(env.eval<bool>(py, "pyactor.Actor is sys.first_actor") == true);
    CHECK(env.eval<uint64_t>(py, "pyactor.self().id") == 1);
  }}.join();
}

TEST("without actors every function says that there is no actor runtime") {
  python_world world{any_kind(), python_world::with::no_actors};
  attached_python here{world};
  auto call = GENERATE("pyactor.self()", "pyactor.send('x', 'm')",
                       "pyactor.spawn('m:C')", "pyactor.register('x')",
                       "pyactor.whereis('x')");
  CHECK_THAT(here.raised_by(call),
             StartsWith("builtins.RuntimeError: no actor runtime here: "));
}

TEST("a message reaches a reference and a name with all its arguments") {
  python_world world{any_kind()};
  auto who = fake::make_actor(7, "größe");
  world.host.names["ζ"] = std::make_shared<const fake::ref>(who, false);
  attached_python here{world};
  REQUIRE(here.env.set(here.py, "ref", value::actor(world.host.names["ζ"])));
  here.exec("pyactor.send(ref, 'add', 1, 'ä\\0', by=[2.5])\n"
            "ref.send('increment')\n"
            "pyactor.send('ζ', 'método', receiver=None, method=True)");
  using sequence = value::sequence;
  std::vector<fake::call> expected_calls{
    {"add",
     {.positional = {1, std::string("ä\0", 3)},
      .keyword = {{"by", value::list(sequence{2.5})}}}},
    {"increment", {}},
    {"método",
     {.positional = {}, .keyword = {{"receiver", {}}, {"method", true}}}},
  };
  CHECK(who->received == expected_calls);
}

TEST("a message that cannot be sent raises what says why") {
  python_world world{any_kind()};
  auto who = fake::make_actor(7, "seven");
  world.host.names["seven"] = std::make_shared<const fake::ref>(who, false);
  attached_python here{world};
  auto raised = [&](const char* call) { return here.raised_by(call); };
  CHECK(raised("pyactor.send('nobody', 'm')")
        == "builtins.LookupError: no live actor is registered as 'nobody'");
  CHECK_THAT(raised("pyactor.send('seven', '_m')"),
             StartsWith("builtins.ValueError: method '_m' is private"));
  CHECK_THAT(raised("pyactor.send('seven', '')"),
             StartsWith("builtins.ValueError: "));
  CHECK(raised("pyactor.send('seven', 7)")
        == "builtins.TypeError: the name of a method must be a str, not int");
  CHECK(raised("pyactor.send(7, 'm')")
        == "builtins.TypeError: a receiver must be an ActorRef or a registered "
           "name, not int");
  CHECK_THAT(raised("pyactor.send('seven', 'm', 1, [2, object()])"),
             StartsWith("builtins.TypeError: argument 2: $[1]: object"));
  CHECK_THAT(raised("pyactor.send('seven', 'm', 1, by={3: ...})"),
             StartsWith("builtins.TypeError: argument 'by': $[3]: "));
  CHECK_THAT(raised("pyactor.send('\\ud800', 'm')"),
             StartsWith("builtins.UnicodeEncodeError: "));
  CHECK_THAT(raised("pyactor.whereis('seven').send()"),
             StartsWith("builtins.TypeError: "));
  CHECK(who->received.empty());
  here.exec("seven = pyactor.whereis('seven')");
  who->ended = true;
  CHECK(raised("seven.send('m')") == "pyactor.DeadActorError: seven#7 is dead");
  CHECK(raised("pyactor.send(seven, 'm')")
        == "pyactor.DeadActorError: seven#7 is dead");
  CHECK(raised("pyactor.send('seven', 'm')")
        == "builtins.LookupError: no live actor is registered as 'seven'");
}

TEST("spawn takes a text or a class that a module holds") {
  python_world world{any_kind()};
  world.modules.write("zähler", "import pyactor\n"
                                "class Counter(pyactor.Actor):\n"
                                "    class Inner(pyactor.Actor): pass\n");
  attached_python here{world};
  here.exec("import zähler\n"
            "a = pyactor.spawn('some.module:Class', 1, by=2)");
  CHECK(world.host.spawned_target == "some.module:Class");
  CHECK(world.host.spawned_with
        == arguments{.positional = {1}, .keyword = {{"by", 2}}});
  here.exec("b = pyactor.spawn(zähler.Counter)");
  CHECK(world.host.spawned_target == "zähler:Counter");
  here.exec("c = pyactor.spawn(zähler.Counter.Inner, target=1)");
  CHECK(world.host.spawned_target == "zähler:Counter.Inner");
  CHECK(here.eval<bool>("a != b and a.alive and b.alive"));
}

TEST("spawn refuses what no other actor can find") {
  python_world world{any_kind()};
  world.modules.write("model", "import pyactor\n"
                               "def make():\n"
                               "    class Local(pyactor.Actor): pass\n"
                               "    return Local\n"
                               "class Plain: pass\n");
  attached_python here{world};
  here.exec("import model\n"
            "class Mine(pyactor.Actor): pass");
  auto raised = [&](const char* call) { return here.raised_by(call); };
  CHECK_THAT(raised("pyactor.spawn(Mine)"),
             StartsWith("builtins.ValueError: cannot spawn <class "
                        "'__main__.Mine'>")
               && ContainsSubstring("put the class in a module"));
  CHECK_THAT(raised("pyactor.spawn('__main__:Mine')"),
             ContainsSubstring("put the class in a module"));
  CHECK_THAT(raised("pyactor.spawn(model.make())"),
             StartsWith("builtins.ValueError: ")
               && ContainsSubstring("module 'model' has no such class"));
  CHECK_THAT(raised("pyactor.spawn(model.Plain)"),
             StartsWith("builtins.TypeError: ")
               && ContainsSubstring("a subclass of pyactor.Actor"));
  CHECK_THAT(raised("pyactor.spawn(7)"), StartsWith("builtins.TypeError: "));
  auto malformed = GENERATE("Class", ":Class", "module:", ":", "", "a:b:c");
  CHECK_THAT(
    raised(("pyactor.spawn('" + std::string{malformed} + "')").c_str()),
    StartsWith("builtins.ValueError: ") && ContainsSubstring("'module:Class'"));
  CHECK(world.host.spawned_target.empty());
}

TEST("references from spawn keep an actor alive, those from self do not") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec("child = pyactor.spawn('m:C')\n"
            "me = pyactor.self()");
  CHECK(here.eval<uint64_t>("me.id") == world.host.running->id);
  CHECK(world.host.running.use_count() == 1);
  CHECK_FALSE(world.host.spawned.expired());
  here.exec("del child");
  CHECK(world.host.spawned.expired());
  world.host.running = fake::make_actor(2, "next");
  CHECK(here.eval<bool>("not me.alive and me != pyactor.self()"));
  CHECK(here.raised_by("me.send('m')")
        == "pyactor.DeadActorError: running#1 is dead");
}

TEST("a name can be given once and is found until its actor ends") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec("pyactor.register('größe')\n"
            "other = pyactor.spawn('m:C')\n"
            "pyactor.register('other', ref=other)");
  CHECK(here.eval<bool>("pyactor.whereis('größe') == pyactor.self()"));
  CHECK(here.eval<bool>("pyactor.whereis('other') == other"));
  CHECK(here.eval("pyactor.whereis('nobody')").is_none());
  CHECK(here.raised_by("pyactor.register('other')")
        == "builtins.ValueError: the name 'other' is taken");
  CHECK_THAT(here.raised_by("pyactor.register('')"),
             StartsWith("builtins.ValueError: "));
  CHECK_THAT(here.raised_by("pyactor.register('x', 'other')"),
             StartsWith("builtins.TypeError: ref must be an ActorRef"));
  auto other = world.host.spawned.lock();
  REQUIRE(other);
  other->ended = true;
  CHECK(here.eval("pyactor.whereis('other')").is_none());
  CHECK_THAT(here.raised_by("pyactor.register('again', other)"),
             StartsWith("pyactor.DeadActorError: "));
}

TEST("a thread that Python started can send and look up, but is no actor") {
  python_world world{any_kind()};
  auto who = fake::make_actor(7, "seven");
  world.host.names["seven"] = std::make_shared<const fake::ref>(who, false);
  attached_python here{world};
  here.exec(in_thread);
  CHECK(
    here.eval("in_thread(pyactor.send, 'seven', 'm', {1: (2,)})").is_none());
  CHECK(who->received
        == std::vector<fake::call>{
          {"m", positional({value::dict({{1, value::tuple({2})}})})}});
  CHECK(here.eval<uint64_t>("in_thread(pyactor.whereis, 'seven').id") == 7);
  CHECK(
    here.eval("in_thread(pyactor.register, 'me', pyactor.self())").is_none());
  CHECK(world.host.names.contains("me"));
  auto refused = GENERATE("pyactor.self", "pyactor.spawn, 'm:C'",
                          "pyactor.register, 'mine'");
  CHECK_THAT(here.eval<std::string>("in_thread(" + std::string{refused} + ")"),
             StartsWith("RuntimeError: ")
               && ContainsSubstring("no actor runs on this thread"));
}

TEST("code that no actor runs has no self") {
  python_world world{any_kind()};
  world.host.running = nullptr;
  attached_python here{world};
  CHECK_THAT(here.raised_by("pyactor.self()"),
             StartsWith("builtins.RuntimeError: pyactor.self: no actor runs"));
}

TEST("a reference has an identity and nothing else") {
  python_world world{any_kind()};
  auto huge = fake::make_actor(UINT64_MAX, "größe");
  world.host.names["huge"] = std::make_shared<const fake::ref>(huge, false);
  attached_python here{world};
  here.exec("import pickle\n"
            "huge = pyactor.whereis('huge')\n"
            "me = pyactor.self()");
  CHECK(here.eval<uint64_t>("huge.id") == UINT64_MAX);
  CHECK(here.eval<std::string>("repr(huge)")
        == "<ActorRef größe#18446744073709551615>");
  CHECK(here.eval<bool>("me == pyactor.self() and not me != pyactor.self()"));
  CHECK(here.eval<bool>("me != huge and me != 1 and not me == None"));
  CHECK(here.eval<int>("len({me, pyactor.self(), huge, huge})") == 2);
  CHECK_THAT(here.raised_by("me < huge"), StartsWith("builtins.TypeError"));
  CHECK_THAT(here.raised_by("pyactor.ActorRef()"),
             StartsWith("builtins.TypeError"));
  CHECK_THAT(here.raised_by("class R(pyactor.ActorRef): pass"),
             StartsWith("builtins.TypeError"));
  CHECK_THAT(here.raised_by("pickle.dumps(me)"),
             StartsWith("builtins.TypeError"));
  CHECK_THAT(here.raised_by("pyactor.ActorRef.id = 1"),
             StartsWith("builtins.TypeError"));
  CHECK_THAT(here.raised_by("me.id = 1"),
             StartsWith("builtins.AttributeError"));
}

TEST("a reference crosses the border as the same actor, and leaves nothing") {
  python_world world{any_kind()};
  auto who = fake::make_actor(7, "seven");
  actor_ref_ptr ref = std::make_shared<const fake::ref>(who, true);
  {
    attached_python here{world};
    auto crossed = value::list({value::actor(ref), "x"});
    REQUIRE(here.env.set(here.py, "refs", crossed));
    CHECK(here.eval("refs") == crossed);
    CHECK(
      here.eval("{refs[0]: [refs[0]]}")
      == value::dict({{value::actor(ref), value::list({value::actor(ref)})}}));
    CHECK(here.eval("refs[0]").as_actor() == ref);
    here.exec("import sys; sys.kept = refs[0]; refs.append(refs)");
    CHECK(ref.use_count() > 1);
  }
  world.interpreter.reset();
  world.python.reset();
  CHECK(ref.use_count() == 1);
  CHECK(who.use_count() == 2);
}

TEST("what the host throws becomes a Python exception") {
  python_world world{any_kind()};
  attached_python here{world};
  world.host.on_whereis = [] { throw std::runtime_error{"no way"}; };
  CHECK(here.raised_by("pyactor.whereis('x')")
        == "builtins.RuntimeError: no way");
  world.host.on_whereis = [] { throw std::bad_alloc{}; };
  CHECK_THAT(here.raised_by("pyactor.send('x', 'm')"),
             StartsWith("builtins.MemoryError"));
}

TEST("the host may run Python of the same interpreter") {
  python_world world{any_kind()};
  attached_python here{world};
  std::string inner;
  world.host.on_whereis = [&] {
    world.host.on_whereis = nullptr;
    attach_scope py{*world.interpreter};
    environment env{py};
    inner
      = env.eval<std::string>(py, "repr(__import__('pyactor').self())").value();
  };
  CHECK(here.eval("pyactor.whereis('x')").is_none());
  CHECK(inner == "<ActorRef running#1>");
}

TEST("a message keeps to the limits of the thread that sends it") {
  python_world world;
  auto who = fake::make_actor(7, "seven");
  world.host.names["seven"] = std::make_shared<const fake::ref>(who, false);
  std::jthread{[&world] {
    auto mine = interpreter::open_main(*world.python, {.nesting_depth = 2});
    REQUIRE(mine);
    attach_scope py{**mine};
    environment env{py};
    REQUIRE(env.exec(py, "import pyactor; pyactor.send('seven', 'm', [[1]])"));
    auto deep = env.exec(py, "pyactor.send('seven', 'm', [[[1]]])");
    REQUIRE(!deep);
    CHECK_THAT(deep.error().message,
               ContainsSubstring("nested deeper than 2 levels"));
    CHECK(!env.exec(py, "pyactor.spawn('module:Class', [[[1]]])"));
  }}.join();
  CHECK(who->received.size() == 1);
  attached_python here{world};
  here.exec("pyactor.send('seven', 'm', [[[1]]])");
  CHECK(who->received.size() == 2);
}

TEST("a message that is sent amid a conversion counts for itself") {
  python_world world;
  auto who = fake::make_actor(7, "seven");
  world.host.names["seven"] = std::make_shared<const fake::ref>(who, false);
  std::jthread{[&world] {
    auto mine = interpreter::open_main(
      *world.python, {.nesting_depth = 2, .value_elements = 3});
    REQUIRE(mine);
    attach_scope py{**mine};
    environment env{py};
    REQUIRE(env.exec(py, "import pyactor\n"
                         "class Sender:\n"
                         "  def __index__(self):\n"
                         "    pyactor.send('seven', 'm', [[1, 2]])\n"
                         "    return 7\n"));
    using rows = std::vector<std::vector<int64_t>>;
    auto result = env.eval<rows>(py, "[[0, Sender()]]");
    if (!result)
      FAIL(result.error().message);
    CHECK(*result == rows{{0, 7}});
    // What comes after it is counted as before.
    CHECK(!env.eval<rows>(py, "[[Sender()], [1, 2]]"));
  }}.join();
  CHECK(who->received.size() == 2);
}

TEST("the end of a reference leaves the exception that is on its way") {
  python_world world{any_kind()};
  auto who = fake::make_actor(7, "seven");
  attached_python here{world};
  auto ended = false;
  auto end = [&](const fake::ref* ref) {
    delete ref;
    environment env{here.py};
    ended = env.eval(here.py, "len('four')") == value{4};
  };
  REQUIRE(
    here.env.set(here.py, "ref",
                 value::actor(actor_ref_ptr{new fake::ref{who, false}, end})));
  CHECK_THAT(here.raised_by("int(globals().pop('ref'))"),
             StartsWith("builtins.TypeError: int() argument must be"));
  CHECK(ended);
}

TEST("poison and extend reach the host") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec("pyactor.poison('br\\u00f6ken')\npyactor.extend(250)");
  CHECK(world.host.poisoned_for == "br\xc3\xb6ken");
  CHECK(world.host.extended == std::chrono::milliseconds{250});
}

} // namespace actor_module_test
