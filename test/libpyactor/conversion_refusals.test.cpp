#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/test/libpyactor/python_values.hpp>
#include <pyactor/test/support/instrumented.hpp>
#include <pyactor/test/support/own_structs.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace conversion_refusals_test {

using pyactor::attach_scope;
using pyactor::errc;
using pyactor::value;
using namespace pyactor::test;

namespace {

/// Makes containers whose item `h` acts on them when it is converted.
constexpr auto hooks = "class Hook:\n"
                       "  def __init__(self, act): self.act = act\n"
                       "  def __index__(self): self.act(); return 7\n"
                       "  __float__ = lambda self: float(self.__index__())\n"
                       "  x = property(__index__)\n"
                       "  y = 0\n"
                       "def hooked(make, act):\n"
                       "  box = make(Hook(lambda: act(box)))\n"
                       "  return box\n";

/// @returns the message with which a value is refused as a `T`
template <class T>
std::string refusal_by_value(const value& x) {
  auto result = pyactor::from_value<T>(x);
  if (result)
    return "converted";
  CHECK(result.error().code == errc::not_convertible);
  return result.error().message;
}

/// Checks that object and value are refused alike.
template <class T>
void check_alike(python_values& python, const std::string& expression,
                 const std::string& message) {
  INFO(expression);
  CHECK(python.refusal<T>(expression).starts_with(message));
  CHECK(refusal_by_value<T>(python.read(expression)) == message);
}

} // namespace

TEST_CASE("bool is never a number, and no number is a bool",
          "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    CHECK(python.refusal<int64_t>("True")
          == "$: bool is not an int; pass int(x)");
    CHECK(python.refusal<uint64_t>("True")
          == "$: bool is not an int; pass int(x)");
    CHECK(python.refusal<double>("False")
          == "$: bool is not a float; pass float(x)");
    CHECK(python.refusal<bool>("1") == "$: int is not a bool; pass bool(x)");
    CHECK(python.refusal<std::vector<int64_t>>("[1, True]")
          == "$[1]: bool is not an int; pass int(x)");
    python.exec("bool_ = type('bool_', (), {'__module__': 'numpy', "
                "'__float__': lambda self: 1.0})");
    CHECK(python.refusal<double>("bool_()")
          == "$: numpy.bool_ is not a float; pass float(x)");
    check_alike<int64_t>(python, "True", "$: bool is not an int");
    check_alike<double>(python, "True", "$: bool is not a float");
    check_alike<bool>(python, "1", "$: int is not a bool");
  });
}

TEST_CASE("an int that does not fit is refused with the bounds",
          "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    auto wider = "; ask for a wider one, or for a value";
    auto check = [&]<class T>(T, const char* expression, std::string message) {
      check_alike<T>(python, expression, message + wider);
    };
    check(int8_t{}, "128",
          "$: 128 does not fit a signed integer of 8 bits (-128 to 127)");
    check(int8_t{}, "2**70",
          "$: 1180591620717411303424 does not fit a signed integer of 8 bits "
          "(-128 to 127)");
    check(uint8_t{}, "-1",
          "$: -1 does not fit an unsigned integer of 8 bits (0 to 255)");
    check(int64_t{}, "2**63",
          "$: 9223372036854775808 does not fit a signed integer of 64 bits "
          "(-9223372036854775808 to 9223372036854775807)");
    check(int64_t{}, "-2**63 - 1",
          "$: -9223372036854775809 does not fit a signed integer of 64 bits "
          "(-9223372036854775808 to 9223372036854775807)");
    check(uint64_t{}, "-1",
          "$: -1 does not fit an unsigned integer of 64 bits (0 to "
          "18446744073709551615)");
    check(uint64_t{}, "2**64",
          "$: 18446744073709551616 does not fit an unsigned integer of 64 "
          "bits (0 to 18446744073709551615)");
    check(std::vector<int64_t>{}, "[1, 2**63]",
          "$[1]: 9223372036854775808 does not fit a signed integer of 64 bits "
          "(-9223372036854775808 to 9223372036854775807)");
  });
}

TEST_CASE("an int that no double is equal to is refused",
          "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    check_alike<double>(python, "2**53 + 1",
                        "$: no double is equal to 9007199254740993; pass "
                        "float(x) to round it");
    check_alike<double>(python, "-2**63 + 1",
                        "$: no double is equal to -9223372036854775807; pass "
                        "float(x) to round it");
    CHECK(
      python.refusal<double>("2**500 + 1")
        .starts_with("$: no double is equal to 327339060789614187001318969"));
    check_alike<double>(python, "2**1024",
                        "$: no double is equal to an int of 1025 bits; pass "
                        "float(x) to round it");
    CHECK(python.refusal<std::vector<double>>("[0.5, 2**53 + 1]")
          == "$[1]: no double is equal to 9007199254740993; pass float(x) to "
             "round it");
    check_alike<float>(python, "1e300",
                       "$: 1e+300 does not fit a float of 32 bits; ask for "
                       "double");
  });
}

TEST_CASE("an object of another type is refused with what to pass",
          "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    using bytes = std::vector<std::byte>;
    python.exec("class S(str): pass");
    CHECK(python.refusal<int64_t>("1.0")
          == "$: float is not an int; pass int(x)");
    CHECK(python.refusal<int64_t>("None") == "$: NoneType is not an int");
    CHECK(python.refusal<double>("'1'")
          == "$: str is not a float; pass float(x)");
    CHECK(python.refusal<double>("[]") == "$: list is not a float");
    CHECK(python.refusal<std::string>("b'x'")
          == "$: bytes is not a str; pass x.decode()");
    CHECK(python.refusal<std::string>("S('x')")
          == "$: __main__.S is not a str; pass str(x)");
    CHECK(python.refusal<std::string>("'\\ud800'")
            .starts_with("$: str has a lone surrogate at index 0"));
    CHECK(python.refusal<bytes>("'x'")
          == "$: str is not bytes; pass x.encode()");
    CHECK(python.refusal<bytes>("3") == "$: int is not bytes");
    CHECK(python.refusal<std::vector<int>>("range(3)")
          == "$: range is not a list or tuple; pass list(x)");
    CHECK(python.refusal<std::vector<int>>("{1}")
          == "$: set is not a list or tuple; pass list(x)");
    CHECK(python.refusal<std::vector<int>>("1")
          == "$: int is not a list or tuple");
    CHECK(python.refusal<std::set<int>>("[1]")
          == "$: list is not a set or frozenset; pass set(x)");
    CHECK(python.refusal<std::map<int, int>>("[1]") == "$: list is not a dict");
    CHECK(python.refusal<std::map<int, int>>(
            "__import__('collections').OrderedDict()")
          == "$: collections.OrderedDict is not a dict; pass dict(x)");
  });
}

TEST_CASE("a sequence of another size is refused", "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    check_alike<std::array<int, 2>>(python, "[1, 2, 3]",
                                    "$: list has 3 items, not 2");
    check_alike<std::pair<int, int>>(python, "(1,)",
                                     "$: tuple has 1 items, not 2");
    check_alike<std::tuple<>>(python, "(1,)", "$: tuple has 1 items, not 0");
  });
}

TEST_CASE("a nested refusal names its path", "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    check_alike<std::vector<std::vector<int>>>(python, "[[1], [2, 'x']]",
                                               "$[1][1]: str is not an int");
    check_alike<std::map<std::string, std::vector<int>>>(
      python, "{'a': [], 'b c': [None]}",
      "$['b c'][0]: NoneType is not an int");
    check_alike<std::map<int, int>>(python, "{1: 1, 'x': 2}",
                                    "$.keys()[1]: str is not an int");
    check_alike<std::map<std::pair<int, int>, int>>(
      python, "{(1, 2): 'x'}", "$[(1, 2)]: str is not an int");
    check_alike<std::set<std::pair<int, int>>>(python, "{(1, 'x')}",
                                               "${...}[1]: str is not an int");
    check_alike<std::tuple<int, std::optional<int>>>(python, "(1, 'x')",
                                                     "$[1]: str is not an int");
    check_alike<track>(python, "{'name': 'n', 'points': [{'x': 1, 'y': 'z'}]}",
                       "$.points[0].y: str is not an int");
    auto surrogate = python.refusal<std::vector<value>>("[1, ['\\ud800']]");
    CHECK(surrogate.starts_with("$[1][0]: str has a lone surrogate"));
    auto text = std::map<std::string, std::vector<std::string>>{
      {"k", {"good", "\xff"}}};
    CHECK(python.refusal_of(text)
          == "$.k[1]: text is not UTF-8 from byte 0 on; pass it as bytes");
    CHECK(python.refusal_of(track{"\xff", {}})
          == "$.name: text is not UTF-8 from byte 0 on; pass it as bytes");
    CHECK(python.refusal_of(std::tuple{1, "\xff"}).starts_with("$[1]: text"));
  });
}

TEST_CASE("keys that become one in C++, or in Python, are refused",
          "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("class One:\n"
                "  def __index__(self): return 1\n");
    using numbers = std::map<int, int>;
    CHECK(python.refusal<numbers>("{1: 1, One(): 2}")
          == "$.keys()[1]: two keys become 1 in C++; pass one of them");
    CHECK(python.refusal<std::set<int>>("{1, One()}")
          == "$: two elements become 1 in C++; pass one of them");
    CHECK(refusal_by_value<numbers>(value::dict({{1, 1}, {1, 2}}))
          == "$.keys()[1]: two keys become 1 in C++; pass one of them");
    CHECK(python.refusal<std::set<double>>("{float('nan')}")
          == "$: nan cannot be among elements in C++");
    std::unordered_map<value, int> items{{value{1}, 1}, {value{1.0}, 2}};
    auto message = python.refusal_of(items);
    CHECK((message == "$: keys 1 and 1.0 are equal in Python; pass one of them"
           || message
                == "$: keys 1.0 and 1 are equal in Python; pass one of them"));
  });
}

TEST_CASE("a struct is refused where a field is missing or unknown",
          "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("import collections");
    check_alike<point>(python, "{'x': 1}",
                       "$.y: dict has no such key, and point needs it");
    check_alike<point>(
      python, "{'x': 1, 'y': 2, 'z': 3}",
      "$: dict has a key 'z' that point has no field for; pass a dict without "
      "it");
    check_alike<point>(
      python, "{'x': 1, 'y': 2, 3: 3}",
      "$: dict has a key 3 that point has no field for; pass a dict without "
      "it");
    CHECK(python.refusal<point>("1")
          == "$.x: int has no such attribute, and point needs it");
    CHECK(python.refusal<point>("collections.OrderedDict(x=1, y=2)")
          == "$.x: collections.OrderedDict has no such attribute, and point "
             "needs it; pass dict(x)");
    CHECK(refusal_by_value<point>(value{1}) == "$: int is not a dict");
  });
}

TEST_CASE("what a hook raises comes back with its path",
          "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("class Index:\n"
                "  def __index__(self): raise ValueError('no index')\n"
                "  def __float__(self): raise KeyError('no float')\n"
                "class Float:\n"
                "  def __float__(self): raise KeyError('no float')\n"
                "class Path:\n"
                "  def __init__(self, text): self.text = text\n"
                "  def __index__(self): raise ValueError(self.text)\n"
                "class Text:\n"
                "  def __index__(self): return 'x'\n"
                "try: range(Text())\n"
                "except TypeError as e: text_error = str(e)\n"
                "class Point:\n"
                "  x = 1\n"
                "  @property\n"
                "  def y(self): raise AttributeError('in property')\n");
    auto check = [&]<class T>(T, const char* expression, const char* type,
                              const char* message) {
      INFO(expression);
      auto result
        = pyactor::from_python<T>(py, python.object(expression).get());
      REQUIRE_FALSE(result);
      CHECK(result.error().code == errc::python_exception);
      CHECK(result.error().type == type);
      CHECK(result.error().message == message);
      CHECK_FALSE(result.error().traceback.empty());
    };
    check(int64_t{}, "Index()", "builtins.ValueError", "$: no index");
    check(std::vector<int64_t>{}, "[1, Index()]", "builtins.ValueError",
          "$[1]: no index");
    check(std::map<std::string, double>{}, "{'k': Float()}",
          "builtins.KeyError", "$.k: 'no float'");
    check(double{}, "Index()", "builtins.ValueError", "$: no index");
    check(int{}, "Path('$.price is too low')", "builtins.ValueError",
          "$: $.price is too low");
    check(std::vector<int>{}, "[Path('${HOME}')]", "builtins.ValueError",
          "$[0]: ${HOME}");
    // Each CPython has its own words for it.
    check(int{}, "Text()", "builtins.TypeError",
          ("$: " + python.read<std::string>("text_error")).c_str());
    check(std::vector<point>{}, "[Point()]", "builtins.AttributeError",
          "$[0].y: in property");
  });
}

TEST_CASE("a list that a hook changes is refused", "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec(hooks);
    std::string refused{"$: list changed while it was converted; pass a copy"};
    using integers = std::vector<int64_t>;
    for (auto* act : {"list.clear", "lambda x: x.append(1)",
                      "lambda x: x.__setitem__(3, 9)", "list.reverse",
                      "lambda x: x.__setitem__(slice(None), [0] * 4)"}) {
      INFO(act);
      auto list = "hooked(lambda h: [1, h, 2, 3], " + std::string{act} + ")";
      CHECK(python.refusal<integers>(list) == refused);
      CHECK(python.refusal<std::vector<double>>(list) == refused);
      CHECK(python.refusal<std::array<int, 4>>(list) == refused);
      CHECK(python.refusal<std::tuple<int, int, int, int>>(list) == refused);
    }
    CHECK(python.refusal<std::vector<point>>(
            "hooked(lambda h: [h, {'x': 1, 'y': 2}], list.clear)")
          == refused);
    CHECK(python.refusal<std::vector<integers>>(
            "hooked(lambda h: [[1], [h]], list.clear)")
          == refused);
    CHECK(python.read<integers>("hooked(lambda h: [1, h], lambda x: 0)")
          == integers{1, 7});
  });
}

TEST_CASE("a dict that a hook changes is refused", "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec(hooks);
    std::string refused{"$: dict changed while it was converted; pass a copy"};
    using map = std::map<std::string, int>;
    for (auto* act : {"dict.clear", "lambda x: x.update(new=1)",
                      "lambda x: x.__setitem__('y', 9)",
                      "lambda x: (x.pop('y'), x.update(new=1))"}) {
      INFO(act);
      auto dict
        = "hooked(lambda h: {'x': h, 'y': 1}, " + std::string{act} + ")";
      CHECK(python.refusal<map>(dict) == refused);
      CHECK(python.refusal<point>(dict) == refused);
    }
    CHECK(python.read<map>("hooked(lambda h: {'x': h}, lambda x: 0)")
          == map{{"x", 7}});
  });
}

TEST_CASE("a set that a hook changes is refused", "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec(hooks);
    for (auto* act : {"set.clear", "lambda x: x.add(99)",
                      "lambda x: (x.remove(1), x.add(99))"}) {
      INFO(act);
      CHECK(python.refusal<std::set<int>>("hooked(lambda h: {1, h, 2}, "
                                          + std::string{act} + ")")
            == "$: set changed while it was converted; pass a copy");
    }
  });
}

TEST_CASE("structs that nest without end give an error",
          "[conversion_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("own = {'children': []}; own['children'].append(own)\n"
                "class Endless:\n"
                "  @property\n"
                "  def children(self): return [Endless()]\n");
    CHECK(python.refusal<tree>("own")
          == "$.children[0]: a cycle: this dict contains itself; pass one "
             "that does not");
    CHECK(python.refusal<tree>("Endless()")
          == "$.children[0].children[0].children[0].children[0]...: nested "
             "deeper than 200 levels; flatten it, or raise the limit "
             "nesting_depth");
  });
}

TEST_CASE("bytes that no memory holds are refused", "[conversion_refusals]") {
  if (instrumented)
    SKIP("the sanitizer ends a process that asks for as much");
  in_main([](attach_scope& py) {
    python_values python{py};
    python.exec("import ctypes\n"
                "vast = memoryview((ctypes.c_char * 2**62).from_address(0))\n");
    auto result = pyactor::from_python<std::vector<std::byte>>(
      py, python.object("vast").get());
    REQUIRE_FALSE(result);
    CHECK(result.error().code == errc::python_exception);
    CHECK(result.error().type == "builtins.MemoryError");
    CHECK(result.error().message
          == "$: no memory for a copy of 4611686018427387904 bytes");
  });
}

TEST_CASE("a refusal of a huge int tells its size and not its digits",
          "[conversion_refusals]") {
  in_main([](attach_scope& py) {
    python_values python{py};
    python.exec("huge = 1 << 10_000_000");
    auto misfit = python.refusal<int64_t>("huge");
    CHECK(misfit.starts_with("$: an int of 10000001 bits does not fit"));
    CHECK(python.refusal<double>("1 - huge")
          == "$: no double is equal to an int of 10000000 bits; pass float(x) "
             "to round it");
    CHECK(python.refusal("{(0, -huge): object}")
            .starts_with("$[(0, an int of 10000001 bits)]: type is not"));
  });
}

} // namespace conversion_refusals_test
