#include <pyactor/libpyactor/actor_object.hpp>
#include <pyactor/test/support/leak_allowance.hpp>
#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace actor_object_lifetime_test {

using namespace pyactor;

#define TEST(what) TEST_CASE(what, "[actor_object_lifetime]")

namespace {

/// Writes to `sys.log`, which outlives the environments of a test.
constexpr auto holder = R"(
import pyactor, sys

if not hasattr(sys, 'log'):
    sys.log = []
suffix = '!'

class Thing:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        sys.log.append(self.name + suffix)

class Holder(pyactor.Actor):
    def __init__(self, name='holder', ref=None):
        self.name = name
        self.ref = ref
    def __del__(self):
        sys.log.append(self.name + suffix)
    def fail(self, name):
        thing = Thing(name)
        raise ValueError(name)
    def reject(self, name):
        thing = Thing(name)
        raise pyactor.Reject(name)
    def get_name(self):
        return self.name
    def ask(self, name):
        pyactor.whereis(name)
        return self.name + suffix
    def ask_for_nothing(self):
        raise KeyError(pyactor.whereis('nobody'))
)";

actor_object make(attached_python& here, arguments init = {}) {
  auto made = actor_object::create(
    here.py, here.env, actor_class::from_source(holder, "Holder"), init);
  if (!made)
    FAIL(made.error().message + made.error().traceback);
  return std::move(*made);
}

arguments with(value x) {
  return {.positional = {std::move(x)}, .keyword = {}};
}

value log_of(attached_python& here) {
  return here.eval("__import__('sys').log");
}

} // namespace

TEST("release lets go of what the instance held, with its globals intact") {
  python_world world{any_kind()};
  auto who = fake::make_actor(7, "seven");
  actor_ref_ptr ref = std::make_shared<const fake::ref>(who, true);
  attached_python here{world};
  auto object = make(
    here, {.positional = {"a"}, .keyword = {{"ref", value::actor(ref)}}});
  CHECK(ref.use_count() == 2);
  object.release(here.py);
  CHECK(object.released());
  CHECK(ref.use_count() == 1);
  CHECK(log_of(here) == value::list({"a!"}));
  object.release(here.py);
  auto late = object.call(here.py, "get_name", {});
  REQUIRE(!late.result);
  CHECK(late.result.error().code == errc::environment_lost);
  CHECK(object.on_exit(here.py, "x").error().code == errc::environment_lost);
}

TEST("a destructor on the interpreter's thread releases at once") {
  python_world world{any_kind()};
  attached_python here{world};
  {
    auto object = make(here, with("a"));
    auto moved = std::move(object);
    CHECK(log_of(here) == value::list({}));
    moved = make(here, with("b"));
    CHECK(log_of(here) == value::list({"a!"}));
  }
  CHECK(log_of(here) == value::list({"a!", "b!"}));
}

TEST("a destructor on another thread leaves the release to the interpreter") {
  python_world world{any_kind()};
  attached_python here{world};
  std::optional object{make(here, with("a"))};
  {
    detach_scope waiting{here.py};
    std::jthread{[&] { object.reset(); }}.join();
    CHECK(world.interpreter->stats().pending_releases == 1);
  }
  CHECK(log_of(here) == value::list({}));
  CHECK(world.interpreter->drain_releases(here.py) == 1);
  CHECK(log_of(here) == value::list({"a!"}));
}

TEST("an object may outlive its interpreter") {
  test::leak_allowance lost;
  python_world world{any_kind()};
  std::optional<actor_object> object;
  {
    attached_python here{world};
    object.emplace(make(here));
  }
  world.interpreter.reset();
  object.reset();
  SUCCEED();
}

TEST("an object used in another interpreter is refused and unharmed") {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  python_world world;
  attached_python here{world};
  auto object = make(here, with("a"));
  {
    detach_scope elsewhere{here.py};
    auto other = world.open(interpreter_kind::own_gil);
    attach_scope py{*other};
    auto refused = object.call(py, "get_name", {});
    REQUIRE(!refused.result);
    CHECK(refused.result.error().code == errc::wrong_interpreter);
    CHECK_FALSE(refused.ends_actor);
    CHECK(object.on_exit(py, "x").error().code == errc::wrong_interpreter);
    auto created = actor_object::create(
      py, here.env, actor_class::from_source(holder, "Holder"), {});
    REQUIRE(!created);
    CHECK(created.error().code == errc::wrong_interpreter);
  }
  CHECK(object.call(here.py, "get_name", {}).result == value{"a"});
}

TEST("a failed call keeps nothing of its frames alive") {
  python_world world{any_kind()};
  attached_python here{world};
  auto object = make(here);
  CHECK(object.call(here.py, "fail", with("failed")).ends_actor);
  CHECK(log_of(here) == value::list({"failed!"}));
  CHECK_FALSE(object.call(here.py, "reject", with("rejected")).ends_actor);
  CHECK(log_of(here) == value::list({"failed!", "rejected!"}));
}

TEST("a method may call back into the object that runs it") {
  python_world world{any_kind()};
  attached_python here{world};
  auto object = make(here);
  auto depth = 0;
  world.host.on_whereis = [&] {
    if (++depth == 5)
      return;
    attach_scope py{*world.interpreter};
    CHECK(object.call(py, "ask", with("x")).result == value{"holder!"});
  };
  CHECK(object.call(here.py, "ask", with("x")).result == value{"holder!"});
  CHECK(depth == 5);
}

TEST("an object that is released while it runs ends after its method") {
  python_world world{any_kind()};
  attached_python here{world};
  std::optional object{make(here, with("a"))};
  world.host.on_whereis = [&] {
    attach_scope py{*world.interpreter};
    object.reset();
    CHECK(here.env.eval(py, "sys.log").value() == value::list({}));
  };
  CHECK(object->call(here.py, "ask", with("x")).result == value{"a!"});
  CHECK(log_of(here) == value::list({"a!"}));
}

TEST("an object that is released while it runs may fail after that") {
  python_world world{any_kind()};
  attached_python here{world};
  std::optional object{make(here, with("a"))};
  world.host.on_whereis = [&] { object.reset(); };
  auto failed = object->call(here.py, "ask_for_nothing", {});
  REQUIRE(!failed.result);
  CHECK(failed.result.error().type == "builtins.KeyError");
  CHECK(failed.ends_actor);
  CHECK(log_of(here) == value::list({"a!"}));
}

TEST("references that an actor was passed do not outlive the interpreter") {
  python_world world{any_kind()};
  auto who = fake::make_actor(7, "seven");
  actor_ref_ptr ref = std::make_shared<const fake::ref>(who, true);
  {
    attached_python here{world};
    auto object = make(
      here, {.positional = {"a"}, .keyword = {{"ref", value::actor(ref)}}});
    auto failed = object.call(here.py, "get_name", with(value::actor(ref)));
    CHECK(failed.result.error().code == errc::invalid_argument);
    object.release(here.py);
    CHECK(ref.use_count() == 1);
  }
  world.interpreter.reset();
  world.python.reset();
  CHECK(ref.use_count() == 1);
}

} // namespace actor_object_lifetime_test
