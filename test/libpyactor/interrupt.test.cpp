#include <pyactor/libpyactor/interrupt.hpp>

#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>

#include <future>
#include <string>
#include <thread>
#include <utility>

namespace interrupt_test {

using namespace pyactor;

namespace {

constexpr auto spins = R"(
import pyactor

def spin():
    pyactor.whereis("spinning")
    while True:
        pass

def swallow():
    try:
        spin()
    except pyactor.Interrupted:
        return "swallowed"

def finish():
    pyactor.whereis("spinning")
    return "finished"
)";

/// Calls `whereis` while the import system holds a lock: that of module
/// `loaded` in the system's own code; that of all imports in a finder which
/// notices no exception before it has returned.
constexpr auto imports = R"(
import _pyactor, functools, operator, sys, types

class Loader:
    create_module = operator.methodcaller("call")
    exec_module = None

    def find_spec(self, name, path, target=None):
        call = functools.partial(_pyactor.whereis, name)
        no_spec = types.SimpleNamespace(loader=self, call=call)
        return no_spec if name == "loaded" else None

class Finder:
    block = property(operator.methodcaller("call"))

    def __init__(self):
        self.call = functools.partial(_pyactor.whereis, "found")

    def find_spec(self, name, path, target=None):
        return self.block if name == "found" else None

sys.meta_path[:0] = [Loader(), Finder()]

def load_and_spin():
    try:
        import loaded
    except AttributeError: # that was no spec
        while True:
            pass

def find():
    import found
)";

/// Interrupts from another thread once Python code has asked for an actor.
class interrupting {
public:
  /// @param aim said by the interrupting thread
  interrupting(python_world& world, bool aim)
    : aim_(aim), thread_([&world, begun = begun_.get_future(), this]() mutable {
        begun.wait();
        do // an import may be slow to end
          agreed_ = interrupt(*world.interpreter, [this] { return look(); });
        while (aim_ && !agreed_);
        if (looks_ < 2)
          tried_.set_value();
        ended_.set_value();
      }) {
    world.host.on_whereis = [this] { begun_.set_value(); };
  }

  /// @returns whether the aim agreed
  bool await() {
    ended_.get_future().wait();
    return agreed_;
  }

  /// Once it has raised the exception, or put that off.
  void await_try() {
    tried_.get_future().wait();
  }

private:
  bool look() {
    if (++looks_ == 2)
      tried_.set_value();
    return aim_;
  }

  bool aim_;
  bool agreed_ = false;
  int looks_ = 0;
  std::promise<void> begun_;
  std::promise<void> tried_;
  std::promise<void> ended_;
  std::jthread thread_;
};

/// @returns how `call` of `imports` fails, which waits in `whereis` until the
///          other thread has tried to interrupt it
error interrupted_import(python_world& world, attached_python& here,
                         std::string call) {
  here.exec(imports);
  interrupting other{world, true};
  world.host.on_whereis = [&, begin = world.host.on_whereis] {
    begin();
    detach_scope let_go{here.py};
    other.await_try();
  };
  auto outcome = here.env.eval(here.py, source{std::move(call)});
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().type == "pyactor.Interrupted");
  return std::move(outcome).error();
}

} // namespace

TEST_CASE("code that runs is interrupted by an exception", "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(spins);
  interrupting other{world, true};
  auto outcome = here.env.eval(here.py, source{"spin()"});
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().type == "pyactor.Interrupted");
  CHECK(outcome.error().bases
        == std::vector<std::string>{"builtins.BaseException"});
  CHECK(outcome.error().traceback.find("in spin") != std::string::npos);
  CHECK(settle_interrupts(here.py));
  CHECK_FALSE(settle_interrupts(here.py));
}

TEST_CASE("a loop that is interrupted is shown without Python's module",
          "[interrupt]") {
  if (!main_interpreter::supports_own_gil())
    SKIP("before 3.14 a loop is interrupted in its head, which Python marks");
  python_world world{any_kind()};
  attached_python here{world};
  here.env.exec(here.py, {spins, "/no/such/spins.py"}).value();
  here.exec("import sys\nsys.modules.pop('traceback', None)");
  interrupting other{world, true};
  auto outcome = here.env.call(here.py, "spin");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().traceback
        == "Traceback (most recent call last):\n"
           "  File \"/no/such/spins.py\", line 7, in spin\n"
           "    pass\n"
           "pyactor.Interrupted\n");
  CHECK(here.eval("'traceback' in sys.modules") == false);
  CHECK(settle_interrupts(here.py));
}

TEST_CASE("an exception that was caught has come through nevertheless",
          "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(spins);
  interrupting other{world, true};
  CHECK(here.eval("swallow()") == "swallowed");
  CHECK(settle_interrupts(here.py));
}

// A lock that it takes would stay taken.
TEST_CASE("code that is importing is interrupted when it is back from that",
          "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  auto why = interrupted_import(world, here, "load_and_spin()");
  REQUIRE(why.causes.size() == 1);
  CHECK(why.causes.front().type == "builtins.AttributeError");
}

// Whoever interrupts would be taken for one who does not get the GIL.
TEST_CASE("an import that does not come back is not waited for",
          "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(imports);
  world.host.on_whereis = [&] {
    detach_scope let_go{here.py};
    std::jthread{[&] {
      CHECK_FALSE(interrupt(*world.interpreter, [] { return true; }));
    }}.join();
  };
  auto outcome = here.env.eval(here.py, source{"__import__('loaded')"});
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().type == "builtins.AttributeError");
  CHECK_FALSE(settle_interrupts(here.py));
}

TEST_CASE("an interrupted import leaves no lock taken", "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  interrupted_import(world, here, "find()");
  CHECK(here.eval("__import__('_imp').lock_held()") == true);
  CHECK(settle_interrupts(here.py));
  CHECK(here.eval("__import__('_imp').lock_held()") == false);
}

TEST_CASE("code that nobody aims at any more is not interrupted",
          "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(spins);
  interrupting other{world, false};
  CHECK(here.eval("finish()") == "finished");
  {
    detach_scope let_go{here.py};
    CHECK_FALSE(other.await());
  }
  CHECK_FALSE(settle_interrupts(here.py));
}

TEST_CASE("an exception that comes too late hits nothing", "[interrupt]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(spins);
  for (int times : {1, 2}) {
    {
      detach_scope let_go{here.py};
      std::jthread{[&] {
        for (int i = 0; i < times; ++i)
          CHECK(interrupt(*world.interpreter, [] { return true; }));
      }}.join();
    }
    CHECK_FALSE(settle_interrupts(here.py));
    CHECK(here.eval("sum(range(1000))") == 499500);
  }
}

} // namespace interrupt_test
