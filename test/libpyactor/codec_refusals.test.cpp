#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/test/libpyactor/python_values.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace codec_refusals_test {

using pyactor::attach_scope;
using pyactor::value;
using namespace pyactor::test;

namespace {

struct refusal_case {
  const char* expression;
  const char* message;
};

/// Checks each in interpreters of both kinds, after `setup`.
void check_refusals(const char* setup, const std::vector<refusal_case>& cases) {
  in_each_kind([&](attach_scope& py) {
    python_values python{py};
    python.exec(setup);
    for (const auto& [expression, message] : cases)
      CHECK(python.refusal(expression) == message);
    // Nothing is left behind that would fail the next conversion.
    CHECK(python.read("[1]") == value::list({1}));
  });
}

} // namespace

TEST_CASE("a refusal names the path to what is wrong", "[codec_refusals]") {
  check_refusals(
    "class C: pass\n"
    "c = C()",
    {
      {"c", "$: __main__.C is not convertible; pass None, bool, int, float, "
            "str, bytes, or a list, tuple, dict or set of them"},
      {"[0, 1, {'name': object()}]",
       "$[2].name: object is not convertible; pass None, bool, int, float, "
       "str, bytes, or a list, tuple, dict or set of them"},
      {"({'a b': range(3)},)",
       "$[0]['a b']: range is not convertible; pass list(x)"},
      {"{1: range(3)}", "$[1]: range is not convertible; pass list(x)"},
      {"{(1, 2): [range(3)]}",
       "$[(1, 2)][0]: range is not convertible; pass list(x)"},
      {"{'\xc3\xa9': range(3)}",
       "$['\xc3\xa9']: range is not convertible; pass list(x)"},
      {"{1: 2, range(3): 4}",
       "$.keys()[1]: range is not convertible; pass list(x)"},
      {"{'x': {1, 2, (3, range(3))}}",
       "$.x{...}[1]: range is not convertible; pass list(x)"},
      {"{'k' * 100: range(3)}",
       "$['kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk...]: "
       "range is not convertible; pass list(x)"},
    });
}

TEST_CASE("a subclass is refused with what makes it exact",
          "[codec_refusals]") {
  check_refusals(
    "import enum, collections\n"
    "class Color(enum.IntEnum):\n"
    "  RED = 1\n"
    "class Shape(enum.Enum):\n"
    "  ROUND = 1\n"
    "class Mode(enum.StrEnum):\n"
    "  FAST = 'fast'\n"
    "Point = collections.namedtuple('Point', 'x y')\n"
    "def sub(base): return type('Sub', (base,), {'__module__': 'm'})",
    {
      {"[Color.RED]", "$[0]: __main__.Color is not convertible; pass .value"},
      {"Shape.ROUND", "$: __main__.Shape is not convertible; pass .value"},
      {"Mode.FAST", "$: __main__.Mode is not convertible; pass .value"},
      {"Point(1, 2)", "$: __main__.Point is not convertible; pass tuple(x)"},
      {"sub(int)(1)", "$: m.Sub is not convertible; pass int(x)"},
      {"sub(float)(1)", "$: m.Sub is not convertible; pass float(x)"},
      {"sub(str)('x')", "$: m.Sub is not convertible; pass str(x)"},
      {"sub(bytes)(b'x')", "$: m.Sub is not convertible; pass bytes(x)"},
      {"sub(list)([1])", "$: m.Sub is not convertible; pass list(x)"},
      {"sub(dict)(a=1)", "$: m.Sub is not convertible; pass dict(x)"},
      {"sub(set)([1])", "$: m.Sub is not convertible; pass set(x)"},
      {"sub(frozenset)([1])", "$: m.Sub is not convertible; pass frozenset(x)"},
      {"collections.OrderedDict()",
       "$: collections.OrderedDict is not convertible; pass dict(x)"},
      {"{Color.RED: 1}",
       "$.keys()[0]: __main__.Color is not convertible; pass .value"},
    });
}

TEST_CASE("an unknown object is refused with what to pass in its place",
          "[codec_refusals]") {
  check_refusals(
    "import datetime, decimal, fractions, dataclasses, uuid, pathlib, array\n"
    "import collections\n"
    "@dataclasses.dataclass\n"
    "class Box:\n"
    "  size: int\n",
    {
      {"[1, 2, {'name': datetime.datetime(2024, 1, 1)}]",
       "$[2].name: datetime.datetime is not convertible; pass isoformat()"},
      {"datetime.date(2024, 1, 1)",
       "$: datetime.date is not convertible; pass isoformat()"},
      {"datetime.timedelta(1)",
       "$: datetime.timedelta is not convertible; pass total_seconds()"},
      {"decimal.Decimal(1)",
       "$: decimal.Decimal is not convertible; pass str(x)"},
      {"fractions.Fraction(1)",
       "$: fractions.Fraction is not convertible; pass str(x)"},
      {"uuid.UUID(int=1)", "$: uuid.UUID is not convertible; pass str(x)"},
      {"bytearray(b'x')", "$: bytearray is not convertible; pass bytes(x)"},
      {"memoryview(b'x')", "$: memoryview is not convertible; pass bytes(x)"},
      {"array.array('d')", "$: array.array is not convertible; pass .tolist()"},
      {"Box(1)",
       "$: __main__.Box is not convertible; pass dataclasses.asdict(x)"},
      {"(i for i in [])", "$: generator is not convertible; pass list(x)"},
      {"{}.keys()", "$: dict_keys is not convertible; pass list(x)"},
      {"collections.deque()",
       "$: collections.deque is not convertible; pass list(x)"},
      {"1j", "$: complex is not convertible; pass (x.real, x.imag)"},
      {"ValueError('x')", "$: ValueError is not convertible; pass str(x)"},
    });
}

TEST_CASE("objects of numpy are told by their names, without numpy",
          "[codec_refusals]") {
  check_refusals(
    "generic = type('generic', (), {'__module__': 'numpy'})\n"
    "float64 = type('float64', (generic, float), "
    "{'__module__': 'numpy'})\n"
    "ndarray = type('ndarray', (), {'__module__': 'numpy'})\n",
    {
      {"float64(1)", "$: numpy.float64 is not convertible; pass .item()"},
      {"ndarray()", "$: numpy.ndarray is not convertible; pass .tolist()"},
    });
}

TEST_CASE("a type that lies about itself does not run while it is refused",
          "[codec_refusals]") {
  check_refusals(
    "class Meta(type):\n"
    "  def __getattribute__(cls, name):\n"
    "    raise SystemExit(name)\n"
    "class Liar(metaclass=Meta):\n"
    "  def __getattribute__(self, name):\n"
    "    raise SystemExit(name)\n"
    "  def __iter__(self):\n"
    "    raise SystemExit('iter')\n"
    "  def __repr__(self):\n"
    "    raise SystemExit('repr')\n",
    {{"[Liar()]", "$[0]: __main__.Liar is not convertible; pass list(x)"}});
}

TEST_CASE("a lone surrogate is refused", "[codec_refusals]") {
  check_refusals(
    "",
    {
      {"['ab\\ud800']",
       "$[0]: str has a lone surrogate at index 2, which UTF-8 cannot hold; "
       "pass x.encode('utf-8', 'surrogatepass')"},
      {"{'\\udfff\\U0001f40d': 1}",
       "$.keys()[0]: str has a lone surrogate at index 0, which UTF-8 cannot "
       "hold; pass x.encode('utf-8', 'surrogatepass')"},
    });
}

TEST_CASE("text that is not UTF-8 is refused", "[codec_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    auto refused = "text is not UTF-8 from byte 2 on; pass it as bytes";
    for (auto* text : {"ab\xff", "ab\xed\xa0\x80", "ab\xc0\x80", "ab\xe2\x82",
                       "ab\xf4\x90\x80\x80"}) {
      CHECK(python.refusal_of(value{text}) == std::string{"$: "} + refused);
      CHECK(python.refusal_of(value::list({1, value::dict({{"k", text}})}))
            == std::string{"$[1].k: "} + refused);
      CHECK(python.refusal_of(value::dict({{1, 1}, {text, 2}}))
            == std::string{"$.keys()[1]: "} + refused);
      CHECK(python.refusal_of(value::set({text}))
            == std::string{"${...}: "} + refused);
    }
  });
}

TEST_CASE("what nests too deep is refused in both directions",
          "[codec_refusals]") {
  check_refusals(
    // A debug CPython looks at all objects in each collection.
    "import gc\n"
    "def nest(n, x=1):\n"
    "  gc.disable()\n"
    "  for _ in range(n): x = {'a': (x,)} if isinstance(x, list) else [x]\n"
    "  gc.enable()\n"
    "  return x\n",
    {{"nest(201)",
      "$[0].a[0][0].a[0][0].a...: nested deeper than 200 levels; flatten it, "
      "or raise the limit nesting_depth"},
     {"nest(1000000)",
      "$.a[0][0].a[0][0].a[0]...: nested deeper than 200 levels; flatten it, "
      "or raise the limit nesting_depth"}});
}

TEST_CASE("a value that nests too deep is refused", "[codec_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    value deep = 1;
    for (auto i = 0; i < 500; ++i)
      deep = value::list({0, deep});
    CHECK(python.refusal_of(value::dict({{"x", deep}}))
          == "$.x[1][1][1][1][1][1][1]...: nested deeper than 200 levels; "
             "flatten it, or raise the limit nesting_depth");
  });
}

TEST_CASE("a list a million deep gives an error, and lives on",
          "[codec_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("import gc\n"
                "gc.disable()\n"
                "x = []\n"
                "for _ in range(1000000): x = [x]\n"
                "gc.enable()");
    CHECK(python.refusal("x").find("nested deeper than 200 levels")
          != std::string::npos);
    CHECK(python.refusal<std::vector<value>>("x").find("nested deeper")
          != std::string::npos);
    CHECK(python.read("len(x)") == value{1});
  });
}

TEST_CASE("a value that sharing makes huge is refused in both directions",
          "[codec_refusals]") {
  constexpr auto refused
    = "more than 100000 elements in all, counting what is reached in several "
      "ways each time; pass less at once, or raise the limit value_elements";
  in_main(
    [&](attach_scope& py) {
      python_values python{py};
      python.exec("x = []\ny = {}\nz = frozenset()\n"
                  "for i in range(60):\n"
                  "  x = [x, x]\n"
                  "  y = {0: y, 1: y}\n"
                  "  z = frozenset([(0, z), (1, z)])\n");
      for (auto text : {"x", "y", "z"})
        CHECK(python.refusal(text).ends_with(refused));
      CHECK(python.refusal<std::vector<value>>("x").ends_with(refused));
      CHECK(python.refusal<std::map<int, value>>("y").ends_with(refused));
      auto shared = value::list({});
      for (auto i = 0; i < 60; ++i)
        shared = i % 2 == 0 ? value::tuple({shared, shared})
                            : value::dict({{0, shared}, {1, shared}});
      CHECK(python.refusal_of(shared).ends_with(refused));
      CHECK(python.read("len(x)") == value{2});
    },
    {.value_elements = 100'000});
}

TEST_CASE("without a word a value has ten million elements at most",
          "[codec_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    CHECK(python.refusal("[None] * 10000001").find("more than 10000000") == 3);
  });
}

TEST_CASE("typed conversions count what is reached in several ways each time",
          "[codec_refusals]") {
  in_main(
    [](attach_scope& py) {
      python_values python{py};
      python.exec("x = [1, 2, 3]");
      CHECK(python.refusal<std::vector<int>>("x * 2").find("more than 5")
            != std::string::npos);
      CHECK(python.refusal<std::vector<std::set<int>>>("[set(x), set(x)]")
              .find("$[1]: more than 5")
            == 0);
      CHECK(python.refusal<std::map<int, std::vector<int>>>("{0: x, 1: x}")
              .find("$[1]: more than 5")
            == 0);
      CHECK(python.read("x + [4, 5]").as_sequence()->size() == 5);
    },
    {.value_elements = 5});
}

TEST_CASE("a low limit shows the whole path", "[codec_refusals]") {
  in_main(
    [](attach_scope& py) {
      python_values python{py};
      CHECK(python.read("[[1]]").depth() == 2);
      CHECK(python.refusal("[[{'a': 1}]]")
            == "$[0][0]: nested deeper than 2 levels; flatten it, or raise "
               "the limit nesting_depth");
      auto deep = value::list({value::list({value::list({})})});
      CHECK(python.refusal_of(deep)
            == "$[0][0]: nested deeper than 2 levels; flatten it, or raise "
               "the limit nesting_depth");
    },
    {.nesting_depth = 2});
}

TEST_CASE("a cycle is refused as one, where it closes", "[codec_refusals]") {
  check_refusals(
    "own = [1]; own.append(own)\n"
    "child = {'name': 'child'}\n"
    "parent = {'children': [child]}\n"
    "child['parent'] = parent\n"
    "inside = {'a': [1, (own,)]}\n",
    {{"own", "$[1]: a cycle: this list contains itself; pass one that does "
             "not"},
     {"parent", "$.children[0].parent: a cycle: this dict contains itself; "
                "pass one that does not"},
     {"inside", "$.a[1][0][1]: a cycle: this list contains itself; pass one "
                "that does not"}});
}

TEST_CASE("a container that is there twice is no cycle", "[codec_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("shared = [1]");
    CHECK(to_string(python.read("[shared, [shared], {'x': shared}]"))
          == "[[1], [[1]], {'x': [1]}]");
  });
}

TEST_CASE("keys that are equal in Python are refused with both names",
          "[codec_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    CHECK(python.refusal_of(value::dict({{1, "a"}, {true, "b"}}))
          == "$: keys 1 and True are equal in Python; pass one of them");
    CHECK(python.refusal_of(
            value::list({value::dict({{"x", 0}, {0.0, "a"}, {-0.0, "b"}})}))
          == "$[0]: keys 0.0 and -0.0 are equal in Python; pass one of them");
    CHECK(python.refusal_of(value::set({2, 1, 1.0}))
          == "$: elements 1 and 1.0 are equal in Python; pass one of them");
    CHECK(python.refusal_of(value::frozenset({"a", "a"}))
          == "$: elements 'a' and 'a' are equal in Python; pass one of them");
    auto tuples
      = value::dict({{value::tuple({1}), "a"}, {value::tuple({true}), "b"}});
    CHECK(python.refusal_of(tuples)
          == "$: keys (1,) and (True,) are equal in Python; pass one of them");
  });
}

TEST_CASE("what cannot be hashed is refused as a key", "[codec_refusals]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    CHECK(python.refusal_of(value::dict({{1, 1}, {value::list({1}), 2}}))
          == "$.keys()[1]: [1] cannot be hashed; pass a tuple or frozenset");
    CHECK(python.refusal_of(value::set({value::tuple({value::dict({})})}))
          == "${...}: ({},) cannot be hashed; pass a tuple or frozenset");
    CHECK(python.refusal_of(value::set({value::set({})}))
          == "${...}: set() cannot be hashed; pass a tuple or frozenset");
  });
}

} // namespace codec_refusals_test
