// What other libraries add to the package `pyactor`.

#include <pyactor/libpyactor/extension.hpp>

#include <pyactor/test/support/python_world.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <latch>
#include <memory>
#include <new>

namespace extension_test {

#define TEST(title) TEST_CASE(title, "[extension]")

using namespace pyactor;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

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
  explicit extended_python(interpreter_kind kind, extension what = greeting())
    : host{std::move(what)},
      python(value_or_throw(main_interpreter::start({}, &host))),
      inside(value_or_throw(kind == interpreter_kind::main
                              ? interpreter::open_main(*python)
                              : interpreter::start_own_gil(*python))) {
  }

  extended_host host;
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
  "a function for any thread is called detached, also by threads that Python "
  "code has started") {
  extension meeting{"meeting", R"(
__all__ = ["meet"]

def meet(name):
    return _meet(name)
)"};
  auto all_here = std::make_shared<std::latch>(3);
  meeting.any_thread_functions.push_back(
    {"_meet", 1,
     [all_here](
       const std::vector<value>& args) -> expected<std::optional<std::string>> {
       all_here->arrive_and_wait(); // no caller keeps the others out
       return *args[0].as_str() + " was here";
     }});
  extended_python world{any_kind(), meeting};
  attach_scope py{*world.inside};
  environment env{py};
  REQUIRE(env.exec(py, "import pyactor, threading\n"
                       "said = []\n"
                       "def run(name):\n"
                       "    said.append(pyactor.meet(name))\n"
                       "others = [threading.Thread(target=run, args=(name,))\n"
                       "          for name in ('first', 'second')]\n"
                       "for each in others:\n"
                       "    each.start()\n"
                       "run('third')\n"
                       "for each in others:\n"
                       "    each.join()\n"));
  CHECK(env.eval<std::string>(py, "', '.join(sorted(said))")
        == "first was here, second was here, third was here");
}

TEST("a function for any thread gives None, and raises what it returns, throws "
     "and does not take") {
  extension reading{"reading", "__all__ = []"};
  auto read =
    [](const std::vector<value>& args) -> expected<std::optional<std::string>> {
    if (args[0].is_none())
      return std::nullopt;
    if (args[0] == value{0})
      throw std::bad_alloc{};
    return fail(errc::not_found, "no such line");
  };
  reading.any_thread_functions.push_back({"read", 1, read});
  extended_python world{any_kind(), reading};
  attach_scope py{*world.inside};
  environment env{py};
  REQUIRE(env.exec(py, "import threading\n"
                       "from pyactor.reading import read\n"
                       "def outcome(*args):\n"
                       "    try:\n"
                       "        return repr(read(*args))\n"
                       "    except Exception as e:\n"
                       "        return f'{type(e).__name__}: {e}'\n"
                       "def outcome_elsewhere(*args):\n"
                       "    seen = []\n"
                       "    other = threading.Thread(\n"
                       "        target=lambda: seen.append(outcome(*args)))\n"
                       "    other.start()\n"
                       "    other.join()\n"
                       "    return seen[0]\n"));
  for (std::string where : {"outcome", "outcome_elsewhere"}) {
    auto outcome = [&](const std::string& args) {
      return env.eval<std::string>(py, where + args).value();
    };
    CHECK(outcome("(None)") == "None");
    CHECK(outcome("(0)").starts_with("MemoryError"));
    CHECK(outcome("(1)") == "LookupError: no such line");
    CHECK(outcome("()") == "TypeError: read() takes 1 arguments, but 0 came");
    CHECK_THAT(outcome("(object())"), StartsWith("TypeError: $[0]: "));
  }
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
