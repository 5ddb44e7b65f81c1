#include <pyactor/libpyactor/capi/source/lru_table.hpp>
#include <pyactor/libpyactor/environment.hpp>
#include <pyactor/test/support/evaluate.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace code_cache_test {

using namespace pyactor;
using namespace pyactor::test;

namespace {

/// Tells one compilation from another: the code object of a constant.
int64_t identity(attach_scope& py, environment& env, const source& text,
                 const overlay& names = {}) {
  return get<int64_t>(py, env, text, names);
}

constexpr auto probe = "id((lambda: 0).__code__)";

/// Texts that `linecache` has for compiled code.
int64_t cached_lines(attach_scope& py, environment& env) {
  return get<int64_t>(py, env,
                      "sum(k.startswith('<pyactor:') for k in "
                      "__import__('linecache').cache)");
}

} // namespace

TEST_CASE("one text is compiled once for all environments", "[code_cache]") {
  in_each_kind([](attach_scope& py) {
    environment one{py};
    environment other{py};
    auto first = identity(py, one, probe);
    CHECK(identity(py, one, probe) == first);
    CHECK(identity(py, other, probe) == first);
    CHECK(identity(py, other, std::string{probe}) == first);
  });
}

TEST_CASE("code that is cached runs afresh in each environment",
          "[code_cache]") {
  in_main([](attach_scope& py) {
    environment one{py};
    environment other{py};
    for (auto* env : {&one, &other})
      run(py, *env, "items = []\nclass C: pass\n");
    run(py, one, "items.append(1)\nC.x = 1");
    CHECK(get<int64_t>(py, other, "len(items)") == 0);
    CHECK_FALSE(get<bool>(py, other, "hasattr(C, 'x')"));
  });
}

TEST_CASE("text, mode, file and overlay names tell code apart",
          "[code_cache]") {
  in_main([](attach_scope& py) {
    environment env{py};
    auto plain = identity(py, env, probe);
    CHECK(identity(py, env, {probe, "a.py"}) != plain);
    CHECK(identity(py, env, {probe, "b.py"})
          != identity(py, env, {probe, "a.py"}));
    CHECK(identity(py, env, probe, {{"x", 1}}) != plain);
    CHECK(identity(py, env, probe, {{"x", 1}})
          == identity(py, env, probe, {{"x", "another value"}}));
    CHECK(identity(py, env, probe, {{"y", 1}})
          != identity(py, env, probe, {{"x", 1}}));
    run(py, env, "x = 1");
    CHECK(env.exec(py, "x"));
    CHECK(get<int64_t>(py, env, "x") == 1);
  });
}

TEST_CASE("the code knows the file name that it came with", "[code_cache]") {
  in_main([](attach_scope& py) {
    environment env{py};
    auto name = "(lambda: 0).__code__.co_filename";
    CHECK(get<std::string>(py, env, {name, "a.py"}) == "a.py");
    CHECK(get<std::string>(py, env, {name, "b.py"}) == "b.py");
    auto made_up = get<std::string>(py, env, name);
    CHECK(made_up.starts_with("<pyactor:"));
    CHECK(made_up.size() == 26);
    CHECK(get<std::string>(py, env, name) == made_up);
  });
}

TEST_CASE("a file name with a NUL byte is refused", "[code_cache]") {
  in_main([](attach_scope& py) {
    environment env{py};
    using namespace std::literals;
    CHECK(env.exec(py, {"1", "a\0b"sv}).error().code == errc::invalid_argument);
  });
}

TEST_CASE("the cache is bounded and takes its lines with it", "[code_cache]") {
  in_main(
    [](attach_scope& py) {
      environment env{py};
      for (auto i = 0; i < 100; ++i) {
        auto text = std::to_string(i) + " + 1";
        CHECK(get<int64_t>(py, env, text) == i + 1);
      }
      CHECK(cached_lines(py, env) <= 8);
    },
    {.nesting_depth = 200, .code_cache_entries = 8});
}

TEST_CASE("what was used last stays in the cache", "[code_cache]") {
  in_main(
    [](attach_scope& py) {
      environment env{py};
      auto first = identity(py, env, probe);
      for (auto i = 0; i < 20; ++i) {
        get<int64_t>(py, env, std::to_string(i) + " + 2");
        CHECK(identity(py, env, probe) == first);
      }
    },
    {.nesting_depth = 200, .code_cache_entries = 3});
}

TEST_CASE("code that leaves the cache while it runs goes on", "[code_cache]") {
  in_main(
    [](attach_scope& py) {
      environment env{py};
      run(py, env, "def f(): return 1\nx = f()\n");
      for (auto i = 0; i < 5; ++i)
        get<int64_t>(py, env, std::to_string(i));
      CHECK(env.call<int64_t>(py, "f") == 1);
    },
    {.nesting_depth = 200, .code_cache_entries = 1});
}

TEST_CASE("the end of an interpreter takes its lines out of linecache",
          "[code_cache]") {
  in_main([](attach_scope& py) {
    environment env{py};
    auto before = cached_lines(py, env);
    detach_scope out{py};
    in_main([](attach_scope& inner) {
      environment env{inner};
      get<int64_t>(inner, env, "1 + 2 + 3");
    });
    attach_scope again{py.owner()};
    CHECK(cached_lines(again, env) == before);
  });
}

TEST_CASE("a failed compilation leaves nothing in the cache", "[code_cache]") {
  in_main([](attach_scope& py) {
    environment env{py};
    auto before = cached_lines(py, env);
    for (auto i = 0; i < 10; ++i)
      CHECK_FALSE(env.eval(py, std::to_string(i) + " +"));
    CHECK(cached_lines(py, env) == before);
  });
}

TEST_CASE("a table drops the entry that was used least recently",
          "[code_cache]") {
  capi::lru_table<int> table{2};
  auto is = [](int wanted) { return [wanted](int x) { return x == wanted; }; };
  CHECK_FALSE(table.insert(1, 1));
  CHECK_FALSE(table.insert(2, 2));
  CHECK(table.find(1, is(1)));
  CHECK(table.insert(3, 3) == 2);
  CHECK_FALSE(table.find(2, is(2)));
  CHECK(table.find(1, is(1)));
  CHECK(table.find(3, is(3)));
  CHECK(table.size() == 2);
}

TEST_CASE("entries of one hash are told apart", "[code_cache]") {
  capi::lru_table<int> table{4};
  auto is = [](int wanted) { return [wanted](int x) { return x == wanted; }; };
  for (auto i = 0; i < 4; ++i)
    table.insert(7, i);
  CHECK(table.insert(7, 4) == 0);
  for (auto i = 1; i < 5; ++i)
    CHECK(*table.find(7, is(i)) == i);
  CHECK_FALSE(table.find(8, is(1)));
  CHECK(table.take_oldest() == 1);
}

} // namespace code_cache_test
