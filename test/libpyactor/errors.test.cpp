#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/in_environment.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

namespace errors_test {

using namespace pyactor;
using namespace pyactor::test;

TEST_CASE("an exception becomes type, message and traceback with its lines",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env,
        {"def outer(n):\n"
         "    return inner(n) + 1  # calls inner\n"
         "def inner(n):\n"
         "    raise ValueError(f'no {n}')\n",
         "modell.py"});
    auto result = env.call(py, "outer", 5);
    REQUIRE_FALSE(result);
    const auto& what = result.error();
    CHECK(what.code == errc::python_exception);
    CHECK(what.type == "builtins.ValueError");
    CHECK(what.message == "no 5");
    CHECK(what.traceback.contains("File \"modell.py\", line 2, in outer"));
    CHECK(what.traceback.contains("return inner(n) + 1  # calls inner"));
    CHECK(what.traceback.contains("raise ValueError(f'no {n}')"));
    CHECK(what.traceback.ends_with("ValueError: no 5\n"));
    CHECK(to_string(what) == "builtins.ValueError: no 5");
    CHECK(what.causes.empty());
  });
}

TEST_CASE("types of one's own come with their module", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env, "class Outer:\n  class Bad(Exception): pass\n");
    CHECK(failure(py, env, "raise Outer.Bad('x')").type
          == "__main__.Outer.Bad");
    CHECK(failure(py, env, "import json; json.loads('{')").type
          == "json.decoder.JSONDecodeError");
  });
}

TEST_CASE("the base classes of an exception are named in the order of its MRO",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    using names = std::vector<std::string>;
    CHECK(failure(py, env, "{}['k']").bases
          == names{"builtins.LookupError", "builtins.Exception",
                   "builtins.BaseException"});
    CHECK(failure(py, env, "raise KeyboardInterrupt").bases
          == names{"builtins.BaseException"});
    run(py, env,
        "class Bad(ValueError): pass\n"
        "class Worse(Bad, OSError): pass\n");
    auto what = failure(py, env, "raise Worse");
    CHECK(what.type == "__main__.Worse");
    CHECK(what.bases
          == names{"__main__.Bad", "builtins.ValueError", "builtins.OSError",
                   "builtins.Exception", "builtins.BaseException"});
    what = failure(py, env, "import json; json.loads('{')");
    CHECK(what.bases.front() == "builtins.ValueError");
  });
}

TEST_CASE("a type with endless bases has 32 of them", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env,
        "t = ValueError\n"
        "for i in range(100): t = type(f'T{i}', (t,), {})\n");
    auto what = failure(py, env, "raise t");
    CHECK(what.type == "__main__.T99");
    REQUIRE(what.bases.size() == 32);
    CHECK(what.bases.front() == "__main__.T98");
    CHECK(what.bases.back() == "__main__.T67");
  });
}

TEST_CASE("bases that change while they are named do no harm", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(
      py, env,
      "class Base(Exception): pass\n"
      "class Other(Exception): pass\n"
      "class Restless(type):\n"
      "  @property\n"
      "  def __module__(cls):\n"
      "    Bad.__bases__ = (Other,) if Bad.__bases__ == (Base,) else (Base,)\n"
      "    return 'restless'\n"
      "class Bad(Base, metaclass=Restless): pass\n");
    auto what = failure(py, env, "raise Bad");
    CHECK(what.bases.size() == 3);
  });
}

TEST_CASE("causes are listed nearest first, explicit or not, with their bases",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env,
                        "try:\n"
                        "  try:\n"
                        "    {}['k']\n"
                        "  except KeyError:\n"
                        "    1 / 0\n"
                        "except ZeroDivisionError as e:\n"
                        "  raise ValueError('top') from e\n");
    REQUIRE(what.causes.size() == 2);
    const std::string all = "builtins.Exception";
    const std::string root = "builtins.BaseException";
    CHECK(what.causes[0]
          == exception_cause{"builtins.ZeroDivisionError",
                             "division by zero",
                             true,
                             {"builtins.ArithmeticError", all, root}});
    CHECK(what.causes[1]
          == exception_cause{"builtins.KeyError",
                             "'k'",
                             false,
                             {"builtins.LookupError", all, root}});
    CHECK(what.traceback.contains("direct cause of the following"));
    CHECK(what.traceback.contains("{}['k']"));
  });
}

TEST_CASE("a cause that `from None` hides is not listed", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env,
                        "try:\n  1 / 0\nexcept Exception:\n"
                        "  raise ValueError('top') from None\n");
    CHECK(what.causes.empty());
    CHECK_FALSE(what.traceback.contains("ZeroDivisionError"));
  });
}

TEST_CASE("a ring of causes ends", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env,
                        "a, b = ValueError('a'), ValueError('b')\n"
                        "a.__cause__, b.__cause__ = b, a\nraise a\n");
    CHECK(what.causes.size() == 1);
  });
}

TEST_CASE("an exception that cannot be printed is an error all the same",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env,
        "class Mute(Exception):\n"
        "  def __str__(self): raise RuntimeError('mute')\n"
        "  __repr__ = __str__\n");
    auto what = failure(py, env, "raise Mute()");
    CHECK(what.type == "__main__.Mute");
    CHECK(what.message.contains("cannot be printed"));
    CHECK(what.traceback.contains("raise Mute()"));
  });
}

TEST_CASE("a message with lone surrogates becomes UTF-8", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    CHECK(failure(py, env, "raise ValueError('a\\udc80ü')").message
          == "a\\udc80ü");
  });
}

TEST_CASE("SystemExit and KeyboardInterrupt are errors and end nothing",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env, "import sys\nsys.exit(3)");
    CHECK(what.code == errc::python_exception);
    CHECK(what.type == "builtins.SystemExit");
    CHECK(what.message == "3");
    what = failure(py, env, "raise KeyboardInterrupt");
    CHECK(what.type == "builtins.KeyboardInterrupt");
    CHECK(to_string(what) == "builtins.KeyboardInterrupt");
  });
}

TEST_CASE("SystemExit carries the code that the process would have ended with",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    auto code = [&](std::string text) {
      return failure(py, env, "import sys\n" + text).exit_code;
    };
    CHECK(code("sys.exit()") == 0);
    CHECK(code("sys.exit(None)") == 0);
    CHECK(code("sys.exit(0)") == 0);
    CHECK(code("sys.exit(False)") == 0);
    CHECK(code("sys.exit(3)") == 3);
    CHECK(code("sys.exit('0')") == 1);
    CHECK(code("sys.exit(1 << 40)") == -1);
    CHECK(code("class Quit(SystemExit): pass\nraise Quit(4)") == 4);
    CHECK(code("class Odd(SystemExit):\n"
               "  code = property(lambda self: 1 / 0)\n"
               "raise Odd(0)")
          == 1);
    CHECK_FALSE(code("raise KeyboardInterrupt"));
    CHECK_FALSE(code("raise ValueError(0)"));
  });
}

TEST_CASE("endless recursion is an error with a short traceback", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env, "def f(n): return f(n + 1)\n");
    for (auto i = 0; i < 3; ++i) {
      auto result = env.call(py, "f", 0);
      REQUIRE_FALSE(result);
      CHECK(result.error().type == "builtins.RecursionError");
      CHECK(result.error().traceback.contains("more times]"));
    }
  });
}

TEST_CASE("running out of memory is an error", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env, "x = [0] * (1 << 60)");
    CHECK(what.type == "builtins.MemoryError");
    CHECK(what.traceback.contains("1 << 60"));
  });
}

TEST_CASE("no frame and no exception outlives the error", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env,
        "import weakref\n"
        "class Held: pass\n"
        "refs = []\n"
        "def f():\n"
        "  local = Held()\n"
        "  refs.append(weakref.ref(local))\n"
        "  raise ValueError('v') from KeyError('k')\n");
    auto result = env.call(py, "f");
    REQUIRE_FALSE(result);
    CHECK(get<bool>(py, env, "refs[0]() is None"));
  });
}

TEST_CASE("a syntax error names file, line, column and shows the line",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env, {"x = 1\n  \ny = = 2\n", "bad.py"});
    CHECK(what.code == errc::syntax_error);
    CHECK(what.message == "bad.py, line 3, column 5: invalid syntax: y = = 2");
    CHECK(what.traceback.contains("y = = 2"));
    what = failure(py, env, {"x = 1\n\nreturn x\n", "bad.py"});
    CHECK(what.code == errc::syntax_error);
    CHECK(what.message.starts_with("bad.py, line 3"));
    CHECK(what.message.ends_with(": return x"));
    what = failure(py, env, {"if 1:\n\tx\n        y", "bad.py"});
    CHECK(what.code == errc::syntax_error);
  });
}

TEST_CASE("an expression of bad syntax is an error with and without overlay",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    for (const auto& names : {overlay{}, overlay{{"x", 1}}})
      for (const auto* text : {"x +", "x = 1", "(yield x)", "await x", ""}) {
        CAPTURE(text, names.size());
        auto result = env.eval(py, text, names);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == errc::syntax_error);
        CHECK_FALSE(result.error().traceback.contains("in run"));
      }
  });
}

TEST_CASE("a SyntaxError that running code raises is a Python exception",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    CHECK(failure(py, env, "exec('1 +')").code == errc::python_exception);
  });
}

TEST_CASE("source with a NUL byte is invalid", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    using namespace std::literals;
    for (auto text : {"x = 1\0"sv, "\0"sv, "x = '\0'"sv}) {
      auto what = failure(py, env, text);
      CHECK(what.code == errc::invalid_source);
      CHECK(what.message.contains("NUL"));
    }
    CHECK(env.eval(py, "1\0 + 1"sv).error().code == errc::invalid_source);
  });
}

TEST_CASE("source that is not UTF-8 is invalid, and the byte is named",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env, {"x = 'gr\xfc\xdf'", "latin.py"});
    CHECK(what.code == errc::invalid_source);
    CHECK(what.message.starts_with("latin.py: byte 7 is not UTF-8"));
    // An encoding declaration changes nothing.
    what = failure(py, env, "# coding: latin-1\nx = '\xfc'");
    CHECK(what.code == errc::invalid_source);
    auto result = env.eval(py, "'\xed\xa0\x80'", {{"x", 1}});
    CHECK(result.error().code == errc::invalid_source);
  });
}

TEST_CASE("what does not exist is not found, and named", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env, "class C: pass\nc = C()\n");
    for (const auto* name :
         {"nothing", "c.nothing", "nothing.here", "no_such_module:f",
          "no_such.module:f", "os.no_such_module:f", "math:nothing",
          "math:pi.nothing"}) {
      CAPTURE(name);
      auto result = env.call(py, name);
      REQUIRE_FALSE(result);
      CHECK(result.error().code == errc::not_found);
      CHECK(result.error().message.contains(name));
    }
    CHECK(env.call(py, "c.nothing").error().message
          == "'c.nothing': 'C' object has no attribute 'nothing'");
  });
}

TEST_CASE("a name that says nothing is an invalid argument", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    for (const auto* name :
         {"", ".", "a.", ".a", "a..b", ":f", "m:", "m:f.", "m.:f"}) {
      CAPTURE(name);
      CHECK(env.call(py, name).error().code == errc::invalid_argument);
    }
  });
}

TEST_CASE("what cannot be called says what it is instead", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env, "x = [1]");
    auto result = env.call(py, "x");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == errc::not_callable);
    CHECK(result.error().message
          == "'x' is of type builtins.list and cannot be called");
    CHECK(env.apply(py, "math:pi", {}).error().code == errc::not_callable);
  });
}

TEST_CASE("an error inside an attribute or a called function is no 'not found'",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env,
        "class C:\n"
        "  @property\n"
        "  def broken(self): raise OSError('disk')\n"
        "c = C()\n"
        "def f(): return nothing\n");
    CHECK(env.call(py, "c.broken").error().type == "builtins.OSError");
    auto result = env.call(py, "f");
    CHECK(result.error().code == errc::python_exception);
    CHECK(result.error().type == "builtins.NameError");
  });
}

TEST_CASE("a key that cannot be compared is no missing name", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env,
        "class Key:\n"
        "  def __hash__(self): return hash('f')\n"
        "  def __eq__(self, other): raise OSError('disk')\n"
        "globals()[Key()] = 1\n");
    for (const auto* name : {"f", "__main__:f"}) {
      CAPTURE(name);
      auto result = env.call(py, name);
      REQUIRE_FALSE(result);
      CHECK(result.error().type == "builtins.OSError");
    }
  });
}

TEST_CASE("a module that lacks something itself is there, but raises",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env,
        "import os, sys, tempfile\n"
        "folder = tempfile.TemporaryDirectory()\n"
        "open(os.path.join(folder.name, 'lacking.py'), 'w')"
        ".write('import no_such_module')\n"
        "sys.path.insert(0, folder.name)\n");
    auto result = env.call(py, "lacking:f");
    run(py, env, "sys.path.pop(0)\nfolder.cleanup()\n");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == errc::python_exception);
    CHECK(result.error().message == "No module named 'no_such_module'");
  });
}

TEST_CASE("a library that refuses subinterpreters names the remedy",
          "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env,
                        "raise ImportError('module x does not support loading "
                        "in subinterpreters')");
    CHECK(what.message.contains("own_gil context: use a pool of kind main"));
    what = failure(py, env,
                   "try:\n  raise ImportError('cannot load module more than "
                   "once per process')\n"
                   "except ImportError as e:\n"
                   "  raise ImportError('numpy is broken') from e\n");
    CHECK(what.message.starts_with("numpy is broken"));
    CHECK(what.message.contains("once per process"));
  });
}

TEST_CASE("a result without exact form is not convertible", "[errors]") {
  in_environment([](attach_scope& py, environment& env) {
    CHECK(env.eval(py, "object()").error().code == errc::not_convertible);
    CHECK(env.eval<int64_t>(py, "'x'").error().code == errc::not_convertible);
    CHECK(env.eval<int64_t>(py, "1 << 64").error().code
          == errc::not_convertible);
  });
}

TEST_CASE("each error code has a name", "[errors]") {
  for (auto i = 1; i <= static_cast<int>(errc::timed_out); ++i)
    CHECK(to_string(static_cast<errc>(i)) != "unknown");
  CHECK(to_string(errc::wrong_interpreter) == "wrong_interpreter");
}

TEST_CASE("value_or_throw throws what went wrong", "[errors]") {
  CHECK(value_or_throw(expected<int>{7}) == 7);
  try {
    value_or_throw(expected<int>{fail(errc::not_found, "'f' is not there")});
    FAIL("it did not throw");
  } catch (const python_error& ex) {
    CHECK(ex.info().code == errc::not_found);
    CHECK(std::string_view{ex.what()} == "'f' is not there");
  }
}

} // namespace errors_test
