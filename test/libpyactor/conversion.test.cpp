#include <pyactor/libpyactor/conversion.hpp>

#include <pyactor/test/libpyactor/python_values.hpp>
#include <pyactor/test/support/generated_values.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace conversion_test {

using pyactor::attach_scope;
using pyactor::value;
using namespace pyactor::test;

namespace shapes {

struct point {
  double x = 0;
  double y = 0;

  friend bool operator==(const point&, const point&) = default;
};

PYACTOR_FIELDS(point, x, y)

struct polygon {
  std::string name;
  std::vector<point> corners;
  std::optional<int> color;
  std::map<std::string, value> extra;

  friend bool operator==(const polygon&, const polygon&) = default;
};

PYACTOR_FIELDS(polygon, name, corners, color, extra)

struct tree {
  int64_t weight = 0;
  std::vector<tree> children;

  friend bool operator==(const tree&, const tree&) = default;
};

PYACTOR_FIELDS(tree, weight, children)

/// Has the fields of its base, but declares none.
struct colored_point : point {};

} // namespace shapes

namespace {

/// Checks that `x` is what `expression` is, in both directions, and the same
/// by way of a value.
template <class T>
void check_both_ways(python_values& python, const T& x,
                     const std::string& expression) {
  INFO(expression);
  CHECK(python.read<T>(expression) == x);
  python.bind("x", x);
  CHECK(python.read("x == " + expression + " and type(x) is type(" + expression
                    + ")")
        == value{true});
  CHECK(to_string(pyactor::to_value(x)) == expression);
  auto back = pyactor::from_value<T>(pyactor::to_value(x));
  REQUIRE(back);
  CHECK(*back == x);
}

std::vector<std::byte> bytes_of(std::string_view text) {
  auto view = std::as_bytes(std::span{text});
  return {view.begin(), view.end()};
}

} // namespace

TEST_CASE("each scalar type crosses in both directions", "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    check_both_ways(python, true, "True");
    check_both_ways(python, int8_t{-128}, "-128");
    check_both_ways(python, uint8_t{255}, "255");
    check_both_ways(python, int16_t{-300}, "-300");
    check_both_ways(python, uint32_t{4294967295}, "4294967295");
    check_both_ways(python, std::numeric_limits<int64_t>::min(),
                    "-9223372036854775808");
    check_both_ways(python, std::numeric_limits<int64_t>::max(),
                    "9223372036854775807");
    check_both_ways(python, std::numeric_limits<uint64_t>::max(),
                    "18446744073709551615");
    check_both_ways(python, 42LL, "42");
    check_both_ways(python, -0.5, "-0.5");
    check_both_ways(python, 0.5F, "0.5");
    check_both_ways(python, std::string{"t\xc3\xa9xt"}, "'t\xc3\xa9xt'");
    check_both_ways(python, bytes_of("data"), "b'data'");
    check_both_ways(python, value::list({1, "x"}), "[1, 'x']");
  });
}

TEST_CASE("each container type crosses in both directions", "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    check_both_ways(python, std::vector<int64_t>{1, -2, 1LL << 62},
                    "[1, -2, 4611686018427387904]");
    check_both_ways(python, std::vector<double>{1.5, -2.0}, "[1.5, -2.0]");
    check_both_ways(python, std::vector<bool>{true, false}, "[True, False]");
    check_both_ways(python, std::vector<std::string>{}, "[]");
    check_both_ways(python, std::vector<std::vector<int>>{{1}, {}, {2, 3}},
                    "[[1], [], [2, 3]]");
    check_both_ways(python, std::array<int, 2>{1, 2}, "[1, 2]");
    check_both_ways(python, std::map<std::string, int>{{"a", 1}, {"b", 2}},
                    "{'a': 1, 'b': 2}");
    check_both_ways(python, std::unordered_map<int, std::string>{{1, "a"}},
                    "{1: 'a'}");
    check_both_ways(python, std::set<int>{3}, "{3}");
    check_both_ways(python, std::unordered_set<std::string>{"x"}, "{'x'}");
    check_both_ways(python, std::optional<int>{}, "None");
    check_both_ways(python, std::optional<int>{1}, "1");
    check_both_ways(python, std::pair{1, std::string{"a"}}, "(1, 'a')");
    check_both_ways(python, std::tuple{1, true, 2.5}, "(1, True, 2.5)");
    check_both_ways(python, std::tuple<>{}, "()");
    check_both_ways(
      python, std::map<std::pair<int, int>, std::vector<int>>{{{1, 2}, {3}}},
      "{(1, 2): [3]}");
  });
}

TEST_CASE("sequences are read from list and tuple alike", "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    CHECK(python.read<std::vector<int>>("(1, 2)") == std::vector{1, 2});
    CHECK(python.read<std::array<int, 2>>("(1, 2)") == std::array{1, 2});
    CHECK(python.read<std::pair<int, int>>("[1, 2]") == std::pair{1, 2});
    CHECK(python.read<std::set<int>>("frozenset({1, 2})") == std::set{1, 2});
    CHECK(python.read<std::vector<int64_t>>("[1, 2, 2**40, -2**63]")
          == std::vector<int64_t>{1, 2, int64_t{1} << 40,
                                  std::numeric_limits<int64_t>::min()});
    CHECK(python.read<std::vector<double>>("[0.5, 1, 2.5]")
          == std::vector{0.5, 1.0, 2.5});
  });
}

TEST_CASE("text and ranges of many types become Python objects",
          "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    auto check = [&](const auto& x, const char* text) {
      python.bind("x", x);
      CHECK(to_string(python.read("x")) == text);
      CHECK(to_string(pyactor::to_value(x)) == text);
    };
    const char* pointer = "pointer";
    check("array", "'array'");
    check(pointer, "'pointer'");
    check(std::string_view{"view"}, "'view'");
    check(std::vector<const char*>{"a", "b"}, "['a', 'b']");
    check(std::deque<std::string_view>{"a"}, "['a']");
    check(std::views::iota(0, 3), "[0, 1, 2]");
    auto odd = [](int i) { return i % 2 == 1; };
    check(std::views::iota(0, 6) | std::views::filter(odd), "[1, 3, 5]");
    int plain[] = {1, 2};
    check(plain, "[1, 2]");
    check(std::span<const int>{plain}, "[1, 2]");
    auto data = bytes_of("data");
    check(std::span<const std::byte>{data}, "b'data'");
    check(std::tuple{1, "text"}, "(1, 'text')");
  });
}

TEST_CASE("a struct is a dict in Python", "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    check_both_ways(python, shapes::point{1.5, -2}, "{'x': 1.5, 'y': -2.0}");
    shapes::polygon triangle{
      "triangle", {{0, 0}, {1, 0}, {0, 1}}, 7, {{"tags", value::list({"a"})}}};
    check_both_ways(python, triangle,
                    "{'name': 'triangle', 'corners': [{'x': 0.0, 'y': 0.0}, "
                    "{'x': 1.0, 'y': 0.0}, {'x': 0.0, 'y': 1.0}], 'color': 7, "
                    "'extra': {'tags': ['a']}}");
    shapes::tree tree{1, {{2, {}}, {3, {{4, {}}}}}};
    check_both_ways(python, tree,
                    "{'weight': 1, 'children': [{'weight': 2, 'children': "
                    "[]}, {'weight': 3, 'children': [{'weight': 4, "
                    "'children': []}]}]}");
    STATIC_CHECK(pyactor::has_fields<shapes::point>);
    STATIC_CHECK_FALSE(pyactor::has_fields<shapes::colored_point>);
  });
}

TEST_CASE("a struct is read from any object with its attributes",
          "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("import collections, dataclasses\n"
                "Named = collections.namedtuple('Named', 'y x z')\n"
                "@dataclasses.dataclass\n"
                "class Data:\n"
                "  x: float\n"
                "  y: float\n"
                "class Computed:\n"
                "  x = 3\n"
                "  @property\n"
                "  def y(self): return self.x + 1\n");
    CHECK(python.read<shapes::point>("Named(2, 1, 0)") == shapes::point{1, 2});
    CHECK(python.read<shapes::point>("Data(1, 2)") == shapes::point{1, 2});
    CHECK(python.read<shapes::point>("Computed()") == shapes::point{3, 4});
  });
}

TEST_CASE("a double is read from what is exactly one, or from __float__",
          "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("import decimal\n"
                "class Half:\n"
                "  def __float__(self): return 0.5\n"
                "class Scalar:\n"
                "  def __init__(self, x): self.x = x\n"
                "  def __index__(self): return self.x\n"
                "  def __float__(self): return float(self.x)\n");
    for (auto x : edge_floats()) {
      python.bind("x", x);
      CHECK(value{python.read<double>("x")} == value{x});
    }
    CHECK(python.read<double>("7") == 7.0);
    CHECK(python.read<double>("2**53") == 0x1p53);
    CHECK(python.read<double>("-2**53 * 3") == -0x1p53 * 3);
    CHECK(python.read<double>("2**1000") == 0x1p1000);
    CHECK(python.read<double>("Half()") == 0.5);
    CHECK(python.read<double>("decimal.Decimal('0.25')") == 0.25);
    CHECK(python.read<double>("Scalar(2**53)") == 0x1p53);
    CHECK(python.refusal<double>("Scalar(2**53 + 1)")
          == "$: no double is equal to 9007199254740993; pass float(x) to "
             "round it");
    // Arrays of numpy have `__index__` whatever they hold.
    CHECK(python.read<double>("Scalar(0.5)") == 0.5);
    CHECK(
      pyactor::from_value<double>(*value::integer("0x1" + std::string(50, '0')))
      == 0x1p200);
  });
}

TEST_CASE("an integer is read from int, its subclasses and __index__",
          "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("import enum\n"
                "class Color(enum.IntEnum):\n"
                "  RED = 5\n"
                "class Seven:\n"
                "  def __index__(self): return 7\n"
                "class Huge:\n"
                "  def __index__(self): return 2**64 - 1\n");
    CHECK(python.read<int64_t>("Color.RED") == 5);
    CHECK(python.read<int8_t>("Seven()") == 7);
    CHECK(python.read<uint64_t>("Seven()") == 7);
    CHECK(python.read<uint64_t>("Huge()") == ~uint64_t{0});
    CHECK(python.read<std::vector<int64_t>>("[1, Seven(), 3]")
          == std::vector<int64_t>{1, 7, 3});
    CHECK(python.read<std::set<int>>("{1, Seven()}") == std::set{1, 7});
    CHECK(python.read<std::map<int, int>>("{1: Seven(), Seven(): 2}")
          == std::map<int, int>{{1, 7}, {7, 2}});
  });
}

TEST_CASE("bytes are read from what holds bytes, where they are asked for",
          "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    using bytes = std::vector<std::byte>;
    CHECK(python.read<bytes>("b'data'") == bytes_of("data"));
    CHECK(python.read<bytes>("bytearray(b'data')") == bytes_of("data"));
    CHECK(python.read<bytes>("memoryview(b'data')[1:3]") == bytes_of("at"));
    CHECK(python.read<bytes>("memoryview(b'data')[::-2]") == bytes_of("aa"));
    CHECK(python.read<bytes>("b''").empty());
  });
}

TEST_CASE("any object crosses as a reference", "[conversion]") {
  in_main([](attach_scope& py) {
    python_values python{py};
    python.exec("thing = object()");
    auto thing = python.read<pyactor::object_ref>("thing");
    python.bind("same", std::vector{thing});
    CHECK(python.read("same[0] is thing") == value{true});
  });
}

TEST_CASE("generated numbers cross as C++ types", "[conversion]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    value_generator generate{11};
    std::vector<int64_t> integers;
    std::vector<uint64_t> naturals;
    std::map<std::string, std::optional<double>> floats;
    for (auto i = 0; i < 1000; ++i) {
      if (auto x = generate.integer(); auto* small = x.as_int64())
        integers.push_back(*small);
      naturals.push_back(uint64_t{1} << i % 64);
      auto x = generate.floating();
      auto number = *x.as_double();
      floats.emplace(*generate.str().as_str(),
                     number == number ? std::optional{number} : std::nullopt);
    }
    python.bind("x", integers);
    CHECK(python.read<std::vector<int64_t>>("x") == integers);
    python.bind("x", naturals);
    CHECK(python.read<std::vector<uint64_t>>("x") == naturals);
    python.bind("x", floats);
    CHECK(python.read<decltype(floats)>("x") == floats);
  });
}

} // namespace conversion_test
