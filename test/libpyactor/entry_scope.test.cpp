#include <pyactor/libpyactor/entry_scope.hpp>

#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>

namespace entry_scope_test {

using namespace pyactor;

namespace {

constexpr auto looks
  = "import contextvars, pyactor, sys\n"
    "var = contextvars.ContextVar('var', default='none')\n"
    "def look():\n"
    "    return (type(sys.exception()).__name__, var.get())\n"
    "def enter():\n"
    "    var.set('outer')\n"
    "    try:\n"
    "        1 / 0\n"
    "    except ZeroDivisionError:\n"
    "        pyactor.whereis('x')\n"
    "        return look()\n";

} // namespace

TEST_CASE("what is entered anew sees neither the exception nor the context "
          "variables of what it interrupts, and leaves them as they were",
          "[entry_scope]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(looks);
  value inside;
  world.host.on_whereis = [&] {
    attach_scope py{*world.interpreter};
    entry_scope own{py};
    inside = here.env.eval(py, source{"look()"}).value();
    here.env.exec(py, source{"var.set('inner')"}).value();
  };
  CHECK(here.eval("enter()") == value::tuple({"ZeroDivisionError", "outer"}));
  CHECK(inside == value::tuple({"NoneType", "none"}));
}

TEST_CASE("an exception that is handled inside stays inside", "[entry_scope]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(looks);
  world.host.on_whereis = [&] {
    attach_scope py{*world.interpreter};
    entry_scope own{py};
    here.env
      .exec(py, source{"try:\n    [][0]\nexcept IndexError:\n    look()\n"})
      .value();
  };
  CHECK(here.eval("enter()") == value::tuple({"ZeroDivisionError", "outer"}));
}

TEST_CASE(
  "what is set is not seen once the scope has begun anew, and goes with "
  "what it was set for",
  "[entry_scope]") {
  python_world world{any_kind()};
  attached_python here{world};
  here.exec(looks);
  here.exec("gone = []\n"
            "class Value:\n"
            "    def __del__(self): gone.append(1)\n");
  {
    entry_scope own{here.py};
    for (int i = 1; i <= 3; ++i) {
      here.exec("var.set(Value())");
      CHECK(here.eval("len(gone)") == i - 1);
      own.renew(here.py);
      CHECK(here.eval("(look()[1], len(gone))") == value::tuple({"none", i}));
      own.renew(here.py);
      CHECK(here.eval("look()[1]") == "none");
    }
  }
  here.exec("var.set('outer')");
  {
    entry_scope own{here.py};
    here.exec("var.set('inner')");
    own.renew(here.py);
  }
  CHECK(here.eval("look()[1]") == "outer");
}

} // namespace entry_scope_test
