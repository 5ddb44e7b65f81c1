#include <pyactor/libpyactor/environment.hpp>

#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <thread>

namespace environment_test {

using namespace pyactor;
using namespace pyactor::test;

TEST_CASE("statements bind names that expressions and calls then see",
          "[environment]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "count = 1\ndef add(n):\n  global count\n  count += n\n"
        "  return count\n");
    CHECK(get<int64_t>(py, env, "count + 1") == 2);
    CHECK(env.call<int64_t>(py, "add", 41) == 42);
    CHECK(get<int64_t>(py, env, "count") == 42);
  });
}

TEST_CASE("locals are globals in statements, as in a module", "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "x = 3\nsame = locals() is globals()\n"
        "y = [x for _ in range(2)]\n");
    CHECK(get<bool>(py, env, "same"));
    CHECK(get<std::vector<int64_t>>(py, env, "y")
          == std::vector<int64_t>{3, 3});
  });
}

TEST_CASE("an environment is a __main__ with builtins", "[environment]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    CHECK(get<std::string>(py, env, "__name__") == "__main__");
    CHECK(get<int64_t>(py, env, "len('abc')") == 3);
    CHECK(get<std::string>(py, env, "type('C', (), {}).__module__")
          == "__main__");
  });
}

TEST_CASE("two environments of one interpreter see nothing of each other",
          "[environment]") {
  in_each_kind([](attach_scope& py) {
    environment one{py};
    environment other{py};
    run(py, one, "secret = 1");
    CHECK_FALSE(other.eval(py, "secret"));
    CHECK_FALSE(get<bool>(py, other, "'secret' in globals()"));
  });
}

TEST_CASE("a new environment sees nothing of a dead one", "[environment]") {
  in_main([](attach_scope& py) {
    {
      environment env{py};
      run(py, env, "secret = 1");
    }
    environment env{py};
    CHECK_FALSE(get<bool>(py, env, "'secret' in globals()"));
  });
}

TEST_CASE("overlay names come before the environment's own", "[environment]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    run(py, env, "x = 1\ny = 10");
    CHECK(get<int64_t>(py, env, "x + y", {{"x", 2}}) == 12);
    CHECK(get<int64_t>(py, env, "x + y") == 11);
  });
}

TEST_CASE("lambdas and comprehensions see overlay names", "[environment]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    run(py, env, "base = 1000");
    CHECK(get<int64_t>(py, env, "(lambda: x + base)()", {{"x", 5}}) == 1005);
    CHECK(get<int64_t>(py, env, "sum(x * i for i in range(n))",
                       {{"x", 2}, {"n", 4}})
          == 12);
    CHECK(
      get<std::vector<int64_t>>(py, env, "[x for _ in 'ab' if x]", {{"x", 7}})
      == std::vector<int64_t>{7, 7});
  });
}

TEST_CASE("one text with other overlay names is another expression",
          "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env, "a = 'global'");
    CHECK(get<std::string>(py, env, "str(a)") == "global");
    CHECK(get<std::string>(py, env, "str(a)", {{"a", "first"}}) == "first");
    CHECK(get<std::string>(py, env, "str(a)", {{"b", 1}, {"a", "second"}})
          == "second");
    CHECK(get<std::string>(py, env, "str(a)", {{"a", "third"}, {"b", 1}})
          == "third");
    CHECK(get<std::string>(py, env, "str(a)", {{"b", 1}}) == "global");
  });
}

TEST_CASE("overlay names do not stay in the environment", "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    CHECK(get<int64_t>(py, env, "x", {{"x", 1}}) == 1);
    CHECK_FALSE(env.eval(py, "x"));
  });
}

TEST_CASE("an overlay name that is no identifier or comes twice is refused",
          "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    auto odd = env.eval(py, "1", {{"a b", 1}});
    REQUIRE_FALSE(odd);
    CHECK(odd.error().code == errc::invalid_argument);
    CHECK(odd.error().message.contains("'a b'"));
    auto twice = env.eval(py, "1", {{"a", 1}, {"a", 2}});
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == errc::invalid_argument);
    CHECK(works(py, env));
  });
}

TEST_CASE("an expression may start with white space", "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    CHECK(get<int64_t>(py, env, " \t1 + 1") == 2);
    CHECK(get<int64_t>(py, env, "  x + 1", {{"x", 1}}) == 2);
  });
}

TEST_CASE("a byte order mark in front of source is ignored", "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    run(py, env, "\xef\xbb\xbfx = 5");
    CHECK(get<int64_t>(py, env, "\xef\xbb\xbfx") == 5);
  });
}

TEST_CASE("a call finds functions, methods, builtins and functions of modules",
          "[environment]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "class Counter:\n  n = 0\n  def increment(self, by=1):\n"
        "    self.n += by\n    return self.n\n"
        "class Box: pass\n"
        "box = Box()\nbox.counter = Counter()\n");
    CHECK(env.call<int64_t>(py, "box.counter.increment") == 1);
    CHECK(env.call<int64_t>(py, "box.counter.increment", 4) == 5);
    CHECK(env.call<int64_t>(py, "len", std::string{"four"}) == 4);
    CHECK(env.call<int64_t>(py, "colorsys:__name__.__len__") == 8);
    CHECK(env.call<std::string>(py, "os.path:basename", "a/b") == "b");
    CHECK(env.call<value>(py, "Box.__name__.upper") == value{"BOX"});
  });
}

TEST_CASE("a call imports what its environment imports lazily",
          "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    need_lazy_imports(py, env);
    run(py, env,
        "lazy import getopt\n"
        "lazy from shlex import quote\n"
        "lazy import nowhere\n"
        "def is_bound(name): return 'lazy' not in repr(globals()[name])\n");
    REQUIRE(env.call<bool>(py, "is_bound", "quote") == false);
    CHECK(env.call<std::string>(py, "quote", "a b") == "'a b'");
    CHECK(env.call<bool>(py, "is_bound", "quote") == true);
    CHECK(env.call<int64_t>(py, "getopt.__name__.__len__") == 6);
    auto refused = env.call(py, "nowhere.function");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::python_exception);
    CHECK(refused.error().type == "builtins.ModuleNotFoundError");
    CHECK(works(py, env));
  });
}

TEST_CASE("a name of the environment hides a builtin", "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    CHECK(env.call<int64_t>(py, "abs", -1) == 1);
    run(py, env, "def abs(x): return 100");
    CHECK(env.call<int64_t>(py, "abs", -1) == 100);
    run(py, env, "del abs");
    CHECK(env.call<int64_t>(py, "abs", -1) == 1);
  });
}

TEST_CASE("apply passes positional and keyword arguments", "[environment]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    run(py, env,
        "def f(a, *rest, k=0, **more):\n"
        "  return [a, list(rest), k, more]\n");
    arguments args{.positional = {1, "two", 3.5},
                   .keyword = {{"k", 4}, {"z", value{}}}};
    auto result = env.apply(py, "f", args);
    REQUIRE(result);
    CHECK(to_string(*result) == "[1, ['two', 3.5], 4, {'z': None}]");
    CHECK(env.apply<int64_t>(py, "len", {.positional = {"ab"}, .keyword = {}})
          == 2);
  });
}

TEST_CASE("a keyword argument that comes twice is refused", "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    auto result = env.apply(
      py, "dict", {.positional = {}, .keyword = {{"a", 1}, {"a", 2}}});
    REQUIRE_FALSE(result);
    CHECK(result.error().code == errc::invalid_argument);
  });
}

TEST_CASE("set binds a name, non-ASCII ones too", "[environment]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    REQUIRE(env.set(py, "grüße", value::list({1, 2})));
    CHECK(get<int64_t>(py, env, "sum(grüße)") == 3);
  });
}

TEST_CASE("the result can be dropped, or taken as an object", "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    CHECK(env.eval<void>(py, "object()"));
    CHECK(env.call<void>(py, "object"));
    auto object = env.call<object_ref>(py, "object");
    REQUIRE(object);
    CHECK(*object);
  });
}

TEST_CASE("an environment of another interpreter is refused in both directions",
          "[environment]") {
  if (!main_interpreter::supports_own_gil())
    SKIP("own-GIL interpreters need CPython 3.14");
  auto main = interpreter::open_main(python());
  auto own = interpreter::start_own_gil(python());
  REQUIRE(main);
  REQUIRE(own);
  std::optional<environment> of_own;
  attach_scope py_main{**main};
  environment of_main{py_main};
  {
    attach_scope py_own{**own};
    of_own.emplace(py_own);
    auto exec = of_main.exec(py_own, "x = 1");
    auto eval = of_main.eval(py_own, "1");
    auto call = of_main.call(py_own, "len", "");
    auto set = of_main.set(py_own, "x", 1);
    CHECK(exec.error().code == errc::wrong_interpreter);
    CHECK(eval.error().code == errc::wrong_interpreter);
    CHECK(call.error().code == errc::wrong_interpreter);
    CHECK(set.error().code == errc::wrong_interpreter);
    CHECK(works(py_own, *of_own));
  }
  CHECK(of_own->exec(py_main, "x = 1").error().code == errc::wrong_interpreter);
  CHECK(of_own->eval(py_main, "1").error().code == errc::wrong_interpreter);
  CHECK(works(py_main, of_main));
}

TEST_CASE("an environment of another thread of the main interpreter is refused",
          "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    detach_scope out{py};
    std::thread{[&] {
      in_main([&](attach_scope& other) {
        CHECK(env.eval(other, "1").error().code == errc::wrong_interpreter);
      });
    }}.join();
  });
}

TEST_CASE("a released environment is lost", "[environment]") {
  in_main([](attach_scope& py) {
    environment env{py};
    CHECK_FALSE(env.released());
    env.release(py);
    env.release(py);
    CHECK(env.released());
    CHECK(env.globals() == nullptr);
    CHECK(env.exec(py, "1").error().code == errc::environment_lost);
    CHECK(env.eval(py, "1").error().code == errc::environment_lost);
    CHECK(env.call(py, "len", "").error().code == errc::environment_lost);
    CHECK(env.apply(py, "len", {}).error().code == errc::environment_lost);
    CHECK(env.set(py, "x", 1).error().code == errc::environment_lost);
  });
}

TEST_CASE("moving an environment moves its names", "[environment]") {
  in_main([](attach_scope& py) {
    environment one{py};
    run(py, one, "x = 1");
    environment other{std::move(one)};
    CHECK(get<int64_t>(py, other, "x") == 1);
    CHECK(one.released());
    other = environment{py};
    CHECK_FALSE(other.eval(py, "x"));
    CHECK(py.owner().stats().live_environments == 1);
  });
}

TEST_CASE("source and names need not be ASCII", "[environment]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    run(py, env, {"größe = 'Ελλάδα 🐍'\ndef naïve(): return größe\n", "ß.py"});
    CHECK(env.call<std::string>(py, "naïve") == "Ελλάδα 🐍");
    CHECK(get<int64_t>(py, env, "len(größe)") == 8);
    CHECK(get<std::string>(py, env, "naïve.__code__.co_filename") == "ß.py");
  });
}

} // namespace environment_test
