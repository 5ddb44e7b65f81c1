// What other libraries add to the package `pyactor`.

#include <pyactor/libpyactor/extension.hpp>

#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace extension_test {

#define TEST(title) TEST_CASE(title, "[extension]")

using namespace pyactor;
using Catch::Matchers::ContainsSubstring;

namespace {

class extended_host : public fake::host {
public:
  explicit extended_host(extension what) : added_{std::move(what)} {
  }

  std::span<const extension> extensions() const noexcept override {
    return added_;
  }

private:
  std::vector<extension> added_;
};

extension greeting() {
  extension result{"greeting", R"(
import pyactor

__all__ = ["Greeter", "greet"]

class Greeter(pyactor.Actor):
    pass

def greet(name):
    return _greet(name)
)"};
  result.define("_greet", [](const std::string& name) -> expected<std::string> {
    if (name.empty())
      return fail(errc::invalid_argument, "nobody to greet");
    return "hello " + name;
  });
  return result;
}

/// An environment in an interpreter of that kind, with one more extension.
struct extended_python {
  explicit extended_python(interpreter_kind kind)
    : python(value_or_throw(main_interpreter::start({}, &host))),
      inside(value_or_throw(kind == interpreter_kind::main
                              ? interpreter::open_main(*python)
                              : interpreter::start_own_gil(*python))) {
  }

  extended_host host{greeting()};
  std::unique_ptr<main_interpreter> python;
  std::unique_ptr<interpreter> inside;
};

} // namespace

TEST("the names of an extension are in its module and in the package") {
  extended_python world{any_kind()};
  attach_scope py{*world.inside};
  environment env{py};
  REQUIRE(env.exec(py, "import pyactor, pyactor.greeting, sys"));
  CHECK(env.eval<std::string>(py, "pyactor.greet('you')") == "hello you");
  CHECK(env.eval<bool>(
    py, "issubclass(pyactor.greeting.Greeter, pyactor.Actor) and "
        "sys.modules['pyactor.greeting'] is pyactor.greeting and "
        "not hasattr(pyactor, '_greet')"));
}

TEST("a traceback through an extension shows its own lines") {
  extended_python world{any_kind()};
  attach_scope py{*world.inside};
  environment env{py};
  auto failed = env.exec(py, "import pyactor; pyactor.greet('')");
  REQUIRE_FALSE(failed);
  CHECK(to_string(failed.error()) == "builtins.ValueError: nobody to greet");
  CHECK_THAT(failed.error().traceback,
             ContainsSubstring("\"<pyactor>/greeting.py\", line 10, in greet\n"
                               "    return _greet(name)"));
}

TEST(
  "an extension whose text raises keeps Python from starting, and is named") {
  extended_host host{{"broken", "__all__ = []\n1 / 0"}};
  auto failed = main_interpreter::start({}, &host);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::start_failed);
  CHECK_THAT(failed.error().message,
             ContainsSubstring("package pyactor.broken: "
                               "builtins.ZeroDivisionError"));
}

} // namespace extension_test
