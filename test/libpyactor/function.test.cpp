#include <pyactor/libpyactor/function.hpp>

#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace shop {

struct order {
  std::string item;
  int64_t count = 0;
};

PYACTOR_FIELDS(order, item, count)

class out_of_stock : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace shop

namespace function_test {

using namespace pyactor;
using namespace pyactor::test;

namespace {

int64_t doubled(int64_t x) noexcept {
  return 2 * x;
}

void sell(const shop::order& what) {
  throw shop::out_of_stock{"no " + what.item + " \xC3\xA4\xFF"};
}

} // namespace

TEST_CASE("Python code calls a C++ function with converted arguments",
          "[function]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    std::vector<std::string> seen;
    REQUIRE(define(py, env, "doubled", doubled));
    REQUIRE(define(py, env, "note", [&seen](const shop::order& x, bool urgent) {
      seen.push_back(x.item + (urgent ? "!" : ""));
    }));
    REQUIRE(define(py, env, "nothing", [] { return value{}; }));
    CHECK(env.eval<int64_t>(py, "sum(map(doubled, [1, 2, 3]))") == 12);
    CHECK(env.eval(py, "note({'item': 'pears', 'count': 1}, True)") == value{});
    CHECK(env.eval(py, "nothing()") == value{});
    CHECK(seen == std::vector<std::string>{"pears!"});
  });
}

TEST_CASE("a C++ exception reaches Python and comes back with type and text",
          "[function]") {
  in_each_kind([](attach_scope& py) {
    environment env{py};
    REQUIRE(define(py, env, "sell", sell));
    auto result = env.eval(py, "sell({'item': 'pears', 'count': 1})");
    REQUIRE(!result);
    CHECK(result.error().code == errc::python_exception);
    CHECK(result.error().type == "shop.out_of_stock");
    CHECK(result.error().message.starts_with("no pears \xC3\xA4"));
    REQUIRE(env.exec(py, "try:\n"
                         "    sell({'item': 'figs', 'count': 1})\n"
                         "except RuntimeError as e:\n"
                         "    caught = type(e).__name__, str(e)[:7]\n"
                         "    first = type(e)\n"
                         "try:\n"
                         "    sell({'item': 'figs', 'count': 1})\n"
                         "except first:\n"
                         "    again = True\n"));
    CHECK(env.eval(py, "caught") == value::tuple({"out_of_stock", "no figs"}));
    CHECK(env.eval(py, "again") == value{true});
  });
}

TEST_CASE("exceptions without a class of their own are told apart",
          "[function]") {
  in_main([](attach_scope& py) {
    environment env{py};
    REQUIRE(define(py, env, "memory", [] { throw std::bad_alloc{}; }));
    REQUIRE(define(py, env, "number", [] { throw 7; }));
    REQUIRE(define(py, env, "nested", [&]() -> int64_t {
      return value_or_throw(env.eval<int64_t>(py, "1 // 0"));
    }));
    CHECK(env.eval(py, "memory()").error().type == "builtins.MemoryError");
    CHECK(env.eval(py, "number()").error().type == "cpp.int");
    auto nested = env.eval(py, "nested()").error();
    CHECK(nested.type == "pyactor.python_error");
    CHECK(nested.message.find("ZeroDivisionError") != std::string::npos);
    CHECK(env.eval(py, "6 * 7") == value{42});
  });
}

TEST_CASE("a call of a C++ function that cannot be made is an error",
          "[function]") {
  in_main([](attach_scope& py) {
    environment env{py};
    auto called = false;
    REQUIRE(define(py, env, "take",
                   [&](int64_t, const std::string&) { called = true; }));
    auto type_of
      = [&](const char* text) { return env.eval(py, text).error().type; };
    CHECK(type_of("take(1)") == "builtins.TypeError");
    CHECK(type_of("take(1, 'x', 2)") == "builtins.TypeError");
    CHECK(type_of("take(1, text='x')") == "builtins.TypeError");
    auto refused = env.eval(py, "take(1, 2)").error();
    CHECK(refused.type == "builtins.TypeError");
    CHECK(refused.message.starts_with("$[1]: "));
    REQUIRE(define(py, env, "missing", []() -> expected<int64_t> {
      return fail(errc::not_found, "no such order");
    }));
    CHECK(type_of("missing()") == "builtins.LookupError");
    CHECK(!called);
  });
}

TEST_CASE("a thread that Python code started calls no C++ function",
          "[function]") {
  in_main([](attach_scope& py) {
    environment env{py};
    REQUIRE(define(py, env, "doubled", doubled));
    REQUIRE(env.exec(py, "import threading\n"
                         "caught = []\n"
                         "def run():\n"
                         "    try:\n"
                         "        doubled(1)\n"
                         "    except RuntimeError as e:\n"
                         "        caught.append(str(e))\n"
                         "t = threading.Thread(target=run)\n"
                         "t.start()\n"
                         "t.join()\n"));
    CHECK(env.eval<int64_t>(py, "len(caught)") == 1);
  });
}

TEST_CASE("a C++ function goes with the last reference to it", "[function]") {
  in_each_kind([](attach_scope& py) {
    auto captured = std::make_shared<int>(1);
    environment env{py};
    REQUIRE(define(py, env, "f", [captured] { return *captured; }));
    REQUIRE(env.exec(py, "g = f"));
    REQUIRE(env.exec(py, "del f"));
    CHECK(captured.use_count() == 2);
    REQUIRE(env.exec(py, "del g"));
    CHECK(captured.use_count() == 1);
    REQUIRE(define(py, env, "f", [captured] { return *captured; }));
    env.release(py);
    CHECK(captured.use_count() == 1);
  });
}

} // namespace function_test
