#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/in_environment.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

namespace tracebacks_test {

using namespace pyactor;
using namespace pyactor::test;

TEST_CASE("source without a file name shows its lines too", "[tracebacks]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env, "x = 1\nx.missing  # here\n");
    CHECK(what.type == "builtins.AttributeError");
    CHECK(what.traceback.contains("File \"<pyactor:"));
    CHECK(what.traceback.contains("x.missing  # here"));
    auto result = env.eval(py, "y / 0", {{"y", 1}});
    REQUIRE_FALSE(result);
    CHECK(result.error().type == "builtins.ZeroDivisionError");
    CHECK(result.error().traceback.contains("    y / 0\n"));
  });
}

TEST_CASE("lines of a file's text survive linecache.checkcache",
          "[tracebacks]") {
  in_environment([](attach_scope& py, environment& env) {
    run(py, env,
        {"def f():\n    raise KeyError('k')  # marked\n", "/no/such/file.py"});
    run(py, env, "import linecache\nlinecache.checkcache()\n");
    auto result = env.call(py, "f");
    CHECK(result.error().traceback.contains("# marked"));
  });
}

TEST_CASE("a traceback is what Python itself would print", "[tracebacks]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "import traceback\n"
        "def keep(e):\n"
        "    global kept\n"
        "    kept = e\n"
        "    return e\n");
    for (auto* code : {
           "raise keep(ValueError('x'))",
           "def f():\n\traise keep(ValueError('\u00fc'))  # why\nf()",
           "def f():\n  raise keep(ValueError('\u4e16'))\n  \nx = [f()]",
           "if True: raise keep(ValueError('x'))",
           "raise keep(ValueError('x')); y = 1",
           "raise keep(\n  ValueError('x'))",
           "raise keep(ValueError('x')) from KeyError('k')",
           "try:\n  {}['k']\nexcept KeyError as e: raise keep(e)",
           "try:\n  {}['k']\nexcept KeyError as e:\n  keep(e)\n  raise",
           "raise keep(ExceptionGroup('g', [ValueError('x')]))",
           "raise keep(ValueError())",
           "raise keep(ValueError('two\\nlines'))",
           "raise keep(NameError('valu', name='valu'))",
           "raise keep(SyntaxError('x', ('file', 1, 2, 'text')))",
           "raise keep(ValueError('x')) from None",
           "try:\n  {}['k']\nexcept KeyError:\n"
           "  raise keep(ValueError('x')) from None",
           "e = ValueError('x')\ne.add_note('note')\nraise keep(e)",
           "e = ValueError('x')\ne.__traceback__ = None\nraise keep(e)",
           "class Own(Exception): pass\nraise keep(Own('x'))",
           "class Own(Exception): __module__ = 'shop'\nraise keep(Own())",
           "class Own(Exception): __module__ = 3\nraise keep(Own())",
           "class Own(Exception):\n  def __str__(self): return 1\n"
           "raise keep(Own())",
           "raise keep(ValueError('\\ud800'))",
           "class Own(Exception):\n"
           "  def __getattr__(self, name): return self.args[0][name]\n"
           "raise keep(Own({}))",
           "class Own(Exception): __notes__ = ['note']\nraise keep(Own())",
           "class Own(Exception): __suppress_context__ = False\n"
           "try:\n  {}['k']\nexcept KeyError: raise keep(Own()) from None",
           "class Own(Exception): __cause__ = ValueError('x')\n"
           "raise keep(Own())",
           "class Meta(type):\n  @property\n"
           "  def __module__(cls): return 'shop'\n"
           "class Own(Exception, metaclass=Meta): pass\nraise keep(Own())",
           "raise keep(ValueError('a\u2028b'))",
           "raise keep(ValueError('a\u0085b'))",
           "raise keep(ValueError('a\fb'))",
           "\fraise keep(ValueError('x'))",
           "if True:\n  raise keep(ValueError('\u00fc'))  \t",
           "def f():\n  try: raise ValueError('x')\n"
           "  finally: g()\n"
           "def g():\n  raise keep(KeyError('k'))\nf()",
           "import decimal\nraise keep(decimal.Overflow('x'))",
           "import sys\nsys.tracebacklimit = 0\nraise keep(ValueError('x'))",
           "import sys\ndel sys.tracebacklimit\nraise keep(ValueError('x'))",
         }) {
      CAPTURE(code);
      auto what = failure(py, env, code);
      auto own = "''.join(traceback.format_exception(kept))"
                 ".encode('utf-8', 'backslashreplace').decode()";
      CHECK(what.traceback == get<std::string>(py, env, own));
    }
  });
}

TEST_CASE("what a function raises itself is shown as Python does, and without "
          "its module",
          "[tracebacks]") {
  in_own_gil([](attach_scope& py) {
    environment env{py};
    run(py, env,
        {"class Shop:\n"
         "    def sell(self, what):\n"
         "        raise KeyError(what)\n"
         "shop = Shop()\n",
         "/no/such/shop.py"});
    auto result = env.call(py, "shop.sell", "pears");
    REQUIRE_FALSE(result);
    CHECK(result.error().traceback
          == "Traceback (most recent call last):\n"
             "  File \"/no/such/shop.py\", line 3, in sell\n"
             "    raise KeyError(what)\n"
             "KeyError: 'pears'\n");
    run(py, env, "import sys");
    CHECK_FALSE(get<bool>(py, env, "'traceback' in sys.modules"));
  });
}

TEST_CASE("what never ran is shown as Python does, and without its module",
          "[tracebacks]") {
  in_own_gil([](attach_scope& py) {
    environment env{py};
    run(py, env, "import sys\ndef sell(what): pass\n");
    auto result = env.call(py, "sell");
    REQUIRE_FALSE(result);
    CHECK_FALSE(get<bool>(py, env, "'traceback' in sys.modules"));
    run(py, env,
        "import traceback\n"
        "try: sell()\n"
        "except TypeError as e: kept = e.with_traceback(None)\n");
    CHECK(result.error().traceback
          == get<std::string>(py, env,
                              "''.join(traceback.format_exception(kept))"));
  });
}

TEST_CASE("a line that has changed since it was compiled is shown as Python "
          "does",
          "[tracebacks]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env,
        {"def keep(e):\n"
         "    global kept\n"
         "    kept = e\n"
         "    return e\n"
         "def sell():\n"
         "        raise keep(ValueError('x'))\n",
         "/no/such/shop.py"});
    run(py, env, "import linecache, traceback");
    for (auto* line : {"    raise keep(ValueError('x'))",
                       "            raise keep(ValueError",
                       "        raise keep(ValueError('x')) # why",
                       "        pass", "", "\n"}) {
      CAPTURE(line);
      run(py, env, "text = linecache.cache['/no/such/shop.py']");
      env.set(py, "line", line);
      run(py, env, "text[2][5] = line + '\\n'");
      auto result = env.call(py, "sell");
      REQUIRE_FALSE(result);
      CHECK(result.error().traceback
            == get<std::string>(py, env,
                                "''.join(traceback.format_exception(kept))"));
    }
  });
}

TEST_CASE("a traceback counts the lines that Python's own grammar counts",
          "[tracebacks]") {
  in_environment([](attach_scope& py, environment& env) {
    auto what = failure(py, env,
                        "x = '\v\f\x1c\u0085\u2028\u2029'\r\n"
                        "y = 2\r"
                        "\r\n"
                        "\f\n"
                        "x.missing  # here\n"
                        "y = 3");
    CHECK(what.traceback.contains("line 5, in <module>\n"
                                  "    x.missing  # here\n"));
  });
}

TEST_CASE("an expression with the file name of statements leaves their lines",
          "[tracebacks]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env, {"def f():\n    raise KeyError('k')  # marked\n", "<actor>"});
    auto result = env.eval(py, {"f()", "<actor>"});
    CHECK(result.error().traceback.contains("# marked"));
  });
}

} // namespace tracebacks_test
