#include <pyactor/libpyactor/actor_object.hpp>

#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace actor_object_test {

using namespace pyactor;

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

#define TEST(what) TEST_CASE(what, "[actor_object]")

namespace {

constexpr auto counter = R"(
import builtins
import pyactor

class BadInput(Exception):
    pass

class WorseInput(BadInput):
    pass

class Counter(pyactor.Actor):
    keep_alive_on = (BadInput, KeyError, MemoryError, SystemExit)

    def __init__(self, start=0, *, step=1):
        self.value = start
        self.step = step

    def increment(self, by=None):
        self.value += self.step if by is None else by
        return self.value

    def sum(self, *args, **kwargs):
        return sum(args) + sum(kwargs.values())

    def größe(self, é='ß'):
        return 'größe' + é

    def fail(self, name, *args):
        known = {'Reject': pyactor.Reject, **globals(), **vars(builtins)}
        raise known[name](*args)

    def look(self):
        return self.missing

    def misuse(self):
        method = None
        return method()

    @staticmethod
    def double(x):
        return 2 * x

    @classmethod
    def triple(cls, x):
        return 3 * x

    def give_object(self):
        return object()

    def _private(self):
        return 'private'
)";

class object_fixture {
public:
  explicit object_fixture(python_world& world, arguments init = {})
    : here(world), object(make(here, std::move(init))) {
  }

  ~object_fixture() {
    object.release(here.py);
  }

  static actor_object make(attached_python& here, arguments init) {
    auto made = actor_object::create(
      here.py, here.env, actor_class::from_source(counter, "Counter"), init);
    if (!made)
      FAIL(made.error().message + made.error().traceback);
    return std::move(*made);
  }

  actor_object::outcome call(std::string_view method,
                             std::vector<value> args = {}) {
    return object.call(here.py, method,
                       {.positional = std::move(args), .keyword = {}});
  }

  /// @returns the error of a call that must leave the actor alive
  error refused(std::string_view method, std::vector<value> args = {}) {
    auto got = call(method, std::move(args));
    REQUIRE(!got.result);
    CHECK_FALSE(got.ends_actor);
    return got.result.error();
  }

  /// @returns the error of a call that must end the actor
  error fatal(std::string_view method, std::vector<value> args = {}) {
    auto got = call(method, std::move(args));
    REQUIRE(!got.result);
    CHECK(got.ends_actor);
    return got.result.error();
  }

  attached_python here;
  actor_object object;
};

} // namespace

TEST("an object keeps its state between calls by name") {
  python_world world{any_kind()};
  object_fixture it{world, {.positional = {40}, .keyword = {{"step", 2}}}};
  CHECK(it.call("increment").result == value{42});
  CHECK(it.call("increment", {-2}).result == value{40});
  auto named = it.object.call(it.here.py, "increment",
                              {.positional = {}, .keyword = {{"by", 1}}});
  CHECK(named.result == value{41});
  CHECK_FALSE(named.ends_actor);
}

TEST("a call carries many arguments, names and texts of every script") {
  python_world world{any_kind()};
  object_fixture it{world};
  arguments many;
  for (auto i = 0; i < 50; ++i) {
    many.positional.emplace_back(i);
    many.keyword.emplace_back("é" + std::to_string(i), 1);
  }
  CHECK(it.object.call(it.here.py, "sum", many).result == value{1275});
  CHECK(it.call("größe").result == value{"größeß"});
  auto named = it.object.call(it.here.py, "größe",
                              {.positional = {}, .keyword = {{"é", "𝛼"}}});
  CHECK(named.result == value{"größe𝛼"});
}

TEST("a call that no method takes is an error of the caller's only") {
  python_world world{any_kind()};
  object_fixture it{world};
  auto missing = it.refused("größer");
  CHECK(missing.code == errc::not_found);
  CHECK_THAT(missing.message,
             ContainsSubstring("Counter has no method 'größer'"));
  CHECK(it.refused("a.b").code == errc::not_found);
  CHECK(it.refused("os:getcwd").code == errc::not_found);
  CHECK(it.refused("").code == errc::not_found);
  CHECK(it.refused("\xff").code == errc::not_found);
  auto hidden = it.refused("_private");
  CHECK(hidden.code == errc::not_found);
  CHECK_THAT(hidden.message, ContainsSubstring("is private"));
  CHECK(it.refused("__init__").code == errc::not_found);
  auto hook = it.refused("on_exit", {"why"});
  CHECK(hook.code == errc::not_found);
  CHECK_THAT(hook.message, ContainsSubstring("terminate the actor instead"));
  auto data = it.refused("value");
  CHECK(data.code == errc::not_callable);
  CHECK_THAT(data.message, ContainsSubstring("is a int"));
  auto mismatch = it.refused("increment", {1, 2, 3});
  CHECK(mismatch.code == errc::invalid_argument);
  CHECK_THAT(mismatch.message,
             StartsWith("Counter.increment() takes from 1 to 2"));
  CHECK(it.refused("increment", {"\xff"}).code == errc::not_convertible);
  auto twice = it.object.call(
    it.here.py, "sum",
    {.positional = {}, .keyword = {{"x", 1}, {"y", 2}, {"x", 3}}});
  REQUIRE(!twice.result);
  CHECK(twice.result.error().code == errc::invalid_argument);
  CHECK(it.call("increment").result == value{1});
}

TEST("static and class methods are methods like others") {
  python_world world{any_kind()};
  object_fixture it{world};
  CHECK(it.call("double", {4}).result == value{8});
  CHECK(it.call("triple", {4}).result == value{12});
  for (const auto* method : {"double", "triple"}) {
    auto mismatch = it.refused(method);
    CHECK(mismatch.code == errc::invalid_argument);
    CHECK_THAT(mismatch.message, ContainsSubstring("missing 1 required"));
  }
  CHECK(it.fatal("double", {value{}}).type == "builtins.TypeError");
}

TEST("a result without a form in C++ does not end the actor") {
  python_world world{any_kind()};
  object_fixture it{world};
  auto refused = it.refused("give_object");
  CHECK(refused.code == errc::not_convertible);
  CHECK_THAT(refused.message, StartsWith("$: object"));
}

TEST("an exception that leaves a method ends the actor") {
  python_world world{any_kind()};
  object_fixture it{world};
  auto what = it.fatal("fail", {"ValueError", "größe"});
  CHECK(what.code == errc::python_exception);
  CHECK(what.type == "builtins.ValueError");
  CHECK(what.message == "größe");
  CHECK_THAT(what.traceback,
             ContainsSubstring("in fail")
               && ContainsSubstring("raise known[name](*args)"));
  // These come from inside a method, like those of a call that none takes.
  CHECK(it.fatal("look").type == "builtins.AttributeError");
  CHECK(it.fatal("misuse").type == "builtins.TypeError");
}

TEST("an exception that the class lists answers and leaves the actor alive") {
  python_world world{any_kind()};
  object_fixture it{world};
  auto type = GENERATE("BadInput", "WorseInput", "KeyError");
  auto what = it.refused("fail", {type, "x"});
  CHECK(what.code == errc::python_exception);
  CHECK_THAT(what.type, ContainsSubstring(type));
  CHECK_FALSE(what.traceback.empty());
}

TEST("Reject answers with its message and leaves the actor alive") {
  python_world world{any_kind()};
  object_fixture it{world};
  auto what = it.refused("fail", {"Reject", "größe fehlt"});
  CHECK(what.code == errc::rejected);
  CHECK(what.message == "größe fehlt");
  CHECK(what.type == "pyactor.Reject");
}

TEST("exit, interrupt and no memory end the actor whatever the class lists") {
  python_world world{any_kind()};
  object_fixture it{world};
  auto type = GENERATE("SystemExit", "KeyboardInterrupt", "MemoryError");
  auto what = it.fatal("fail", {type});
  CHECK(what.code == errc::python_exception);
  CHECK(what.type == "builtins." + std::string{type});
  CHECK(it.here.eval<int>("6 * 7") == 42);
}

TEST("a missing method stays the caller's error under a __getattr__") {
  python_world world{any_kind()};
  attached_python here{world};
  auto object = actor_object::create(
    here.py, here.env,
    actor_class::from_source("import pyactor\n"
                             "class Proxy(pyactor.Actor):\n"
                             "    def __getattr__(self, name):\n"
                             "        if name == 'answer':\n"
                             "            return lambda: 42\n"
                             "        raise AttributeError(name)\n",
                             "Proxy"),
    {});
  REQUIRE(object);
  CHECK(object->call(here.py, "answer", {}).result == value{42});
  auto missing = object->call(here.py, "question", {});
  REQUIRE(!missing.result);
  CHECK(missing.result.error().code == errc::not_found);
  CHECK_FALSE(missing.ends_actor);
}

TEST("modules are shared by the actors of an interpreter, sources are not") {
  python_world world{any_kind()};
  constexpr auto text = "import pyactor\n"
                        "seen = []\n"
                        "class Collector(pyactor.Actor):\n"
                        "    class Inner(pyactor.Actor): pass\n"
                        "    def add(self, x):\n"
                        "        seen.append(x)\n"
                        "        return len(seen)\n";
  world.modules.write("sammler", text);
  attached_python one{world};
  attached_python two{world};
  auto answers = [&](const actor_class& what) {
    auto first = actor_object::create(one.py, one.env, what, {});
    auto second = actor_object::create(two.py, two.env, what, {});
    REQUIRE(first);
    REQUIRE(second);
    arguments args{.positional = {1}, .keyword = {}};
    return value::list({first->call(one.py, "add", args).result.value(),
                        second->call(two.py, "add", args).result.value()});
  };
  CHECK(answers(actor_class::from_source(text, "Collector"))
        == value::list({1, 1}));
  CHECK(answers(actor_class::from_module("sammler:Collector"))
        == value::list({1, 2}));
  // What the source text left in each environment.
  CHECK(answers(actor_class::from_module("__main__:Collector"))
        == value::list({2, 2}));
  CHECK(actor_object::create(
    one.py, one.env, actor_class::from_module("sammler:Collector.Inner"), {}));
}

TEST("an __init__ that has nothing to start says so, in its own words") {
  python_world world{any_kind()};
  attached_python here{world};
  auto made = actor_object::create(
    here.py, here.env,
    actor_class::from_source("import pyactor\n"
                             "class NoModel(pyactor.StartIgnored): pass\n"
                             "class C(pyactor.Actor):\n"
                             "    def __init__(self):\n"
                             "        raise NoModel('none yet')\n",
                             "C"),
    {});
  REQUIRE(!made);
  CHECK(made.error().code == errc::start_ignored);
  CHECK(made.error().message == "none yet");
}

TEST("a class that cannot be used is named, with what to do") {
  python_world world{any_kind()};
  world.modules.write("model", "import pyactor\n"
                               "def predict(): pass\n"
                               "class Plain: pass\n"
                               "class Wrong(pyactor.Actor):\n"
                               "    keep_alive_on = ValueError\n"
                               "class Other(pyactor.Actor):\n"
                               "    def __new__(cls): return 7\n");
  world.modules.write("needy", "import no_such_dependency\n");
  world.modules.write("broken", "1 / 0\n");
  attached_python here{world};
  auto failure = [&](actor_class what) {
    auto made = actor_object::create(here.py, here.env, what, {});
    REQUIRE(!made);
    return made.error();
  };
  auto of_module = [&](const char* target) {
    return failure(actor_class::from_module(target));
  };
  auto check = [](const error& what, errc code, const char* text) {
    CHECK(what.code == code);
    CHECK_THAT(what.message, ContainsSubstring(text));
  };
  check(of_module("no_such:C"), errc::not_found, "no_such");
  check(of_module("no_such:C"), errc::not_found, world.modules.path().c_str());
  check(of_module("no.such.module:C"), errc::not_found, "search path");
  check(of_module("model:Nothing"), errc::not_found, "Nothing");
  CHECK_THAT(of_module("model:Nothing").message,
             !ContainsSubstring("search path"));
  check(of_module("model"), errc::invalid_argument, "module:Class");
  check(of_module("model:predict"), errc::invalid_argument,
        "'model:predict' is a function, not a class");
  check(of_module("model:Plain"), errc::invalid_argument,
        "derive it from pyactor.Actor");
  check(of_module("model:Wrong"), errc::invalid_argument,
        "keep_alive_on must be a tuple");
  check(of_module("model:Other"), errc::invalid_argument, "__new__");
  check(of_module("needy:C"), errc::python_exception, "no_such_dependency");
  check(of_module("broken:C"), errc::python_exception, "division");
  check(failure(actor_class::from_source("x = 1", "C")), errc::not_found,
        "'C'");
  check(failure(actor_class::from_source("x = ", "C", "größe.py")),
        errc::syntax_error, "größe.py");
  check(failure(actor_class::from_source("1 / 0", "C")), errc::python_exception,
        "division");
}

TEST("an exception in __init__ comes with its traceback") {
  python_world world{any_kind()};
  attached_python here{world};
  auto type = GENERATE("ValueError", "SystemExit", "pyactor.Reject");
  auto text = "import pyactor\n"
              "class C(pyactor.Actor):\n"
              "    def __init__(self, x):\n"
              "        raise "
              + std::string{type} + "('größe')\n";
  auto made = actor_object::create(
    here.py, here.env, actor_class::from_source(text, "C", "größe.py"),
    {.positional = {1}, .keyword = {}});
  REQUIRE(!made);
  CHECK(made.error().code == errc::python_exception);
  CHECK_THAT(made.error().type, ContainsSubstring(type));
  CHECK_THAT(made.error().traceback,
             ContainsSubstring("\"größe.py\", line 4, in __init__")
               && ContainsSubstring("raise " + std::string{type}));
  auto without = actor_object::create(here.py, here.env,
                                      actor_class::from_source(text, "C"), {});
  REQUIRE(!without);
  CHECK(without.error().type == "builtins.TypeError");
}

TEST("on_exit runs with the reason, and what it raises is told") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec("import pyactor\n"
            "log = []\n"
            "class Quiet(pyactor.Actor): pass\n"
            "class Logs(pyactor.Actor):\n"
            "    def on_exit(self, reason):\n"
            "        log.append(reason)\n"
            "        if reason == 'bad': raise SystemExit(reason)\n");
  auto make = [&](const char* name) {
    auto made = actor_object::create(here.py, here.env,
                                     actor_class::from_module(name), {});
    REQUIRE(made);
    return std::move(*made);
  };
  auto quiet = make("__main__:Quiet");
  CHECK(quiet.on_exit(here.py, "größe"));
  auto logs = make("__main__:Logs");
  CHECK(logs.on_exit(here.py, "größe"));
  auto failed = logs.on_exit(here.py, "bad");
  REQUIRE(!failed);
  CHECK(failed.error().type == "builtins.SystemExit");
  CHECK(here.eval("log") == value::list({"größe", "bad"}));
}

TEST("a search path that replaces itself while it is shown is shown") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec("import sys\n"
            "class Folder(str):\n"
            "  def __str__(self):\n"
            "    sys.path = []\n"
            "    return '/first'\n"
            "sys.path = [Folder('/first'), '/second']\n");
  auto made = actor_object::create(here.py, here.env,
                                   actor_class::from_module("missing:C"), {});
  REQUIRE(!made);
  CHECK_THAT(made.error().message,
             ContainsSubstring("(sys.path is: /first, /second)"));
}

} // namespace actor_object_test
