#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/test/libpyactor/python_values.hpp>
#include <pyactor/test/support/generated_values.hpp>
#include <pyactor/test/support/leak_allowance.hpp>
#include <pyactor/test/support/python.hpp>

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <string>
#include <vector>

namespace codec_test {

using pyactor::attach_scope;
using pyactor::value;
using namespace pyactor::test;

namespace {

/// To Python and back.
value through_python(attach_scope& py, const value& x) {
  auto object = pyactor::to_python(py, x);
  if (!object)
    FAIL(object.error().message + " in " + to_string(x));
  auto result = pyactor::from_python<value>(py, object->get());
  if (!result)
    FAIL(result.error().message + " in " + to_string(x));
  return *std::move(result);
}

void check_round_trip(attach_scope& py, const value& x) {
  auto back = through_python(py, x);
  if (back != x)
    FAIL(to_string(x) + " came back as " + to_string(back));
}

constexpr auto every_bit_of_float = "struct.pack('<d', x).hex()";

std::string hexadecimal_bits(double x) {
  auto bits = std::bit_cast<uint64_t>(x);
  std::string result;
  for (auto i = 0; i < 8; ++i, bits >>= 8) {
    result.push_back("0123456789abcdef"[bits >> 4 & 0xf]);
    result.push_back("0123456789abcdef"[bits & 0xf]);
  }
  return result;
}

} // namespace

TEST_CASE("generated values come back from Python as they were", "[codec]") {
  in_each_kind([](attach_scope& py) {
    value_generator generate;
    for (auto i = 0; i < 3000; ++i)
      check_round_trip(py, generate.any(1 + i % 5));
  });
}

TEST_CASE("Python reads what it prints of generated values",
          "[leaks_numbers]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("inf = float('inf'); nan = float('nan')");
    value_generator generate{7};
    for (auto i = 0; i < 1000; ++i) {
      auto x = generate.any(1 + i % 4);
      python.bind("x", x);
      auto text = to_string(x);
      // Every NaN prints alike, and Python orders sets.
      if (text.find("nan") != text.npos)
        continue;
      // CPython loses the large numbers that it made to read a float.
      leak_allowance numbers;
      if (auto read = python.read(text); read != x)
        FAIL(text + " was read as " + to_string(read));
      if (!contains_set(x))
        REQUIRE(*python.read("repr(x).encode('unicode_escape')").as_bytes()
                == *python.read("repr(" + text + ").encode('unicode_escape')")
                      .as_bytes());
    }
  });
}

TEST_CASE("ints of any size cross in both directions", "[codec]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    for (const auto& x : edge_integers()) {
      check_round_trip(py, x);
      python.bind("x", x);
      REQUIRE(*python.read("str(x)").as_str() == to_string(x));
      REQUIRE(python.read(to_string(x)) == x);
    }
    CHECK(python.read("2**63 - 1").as_int64() != nullptr);
    CHECK(python.read("-2**63").as_int64() != nullptr);
    CHECK(python.read("2**63").as_int64() == nullptr);
    CHECK(python.read("2**64 - 1") == value{~uint64_t{0}});
    CHECK(python.read("2**200")
          == value::integer("0x1" + std::string(50, '0')));
  });
}

TEST_CASE("floats cross bit for bit", "[codec]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("import struct");
    for (auto x : edge_floats()) {
      check_round_trip(py, x);
      python.bind("x", value{x});
      REQUIRE(*python.read(every_bit_of_float).as_str() == hexadecimal_bits(x));
      auto made = "struct.unpack('<d', bytes.fromhex('" + hexadecimal_bits(x)
                  + "'))[0]";
      REQUIRE(python.read(made) == value{x});
    }
  });
}

TEST_CASE("the special numbers of Python arrive", "[codec]") {
  in_main([](attach_scope& py) {
    python_values python{py};
    CHECK(python.read("None").is_none());
    CHECK(python.read("True") == value{true});
    CHECK(python.read("1") == value{1});
    CHECK(python.read("-0.0") == value{-0.0});
    CHECK(python.read("5e-324") == value{5e-324});
  });
}

TEST_CASE("str of every plane and with NUL crosses in both directions",
          "[codec]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    for (auto first = 0; first < 0x110000; first += 0x800) {
      auto bounds
        = std::to_string(first) + ", " + std::to_string(first + 0x800);
      // The block of the surrogates has no characters.
      if (first == 0xd800)
        continue;
      python.exec("s = ''.join(map(chr, range(" + bounds + ")))");
      auto text = python.read("s");
      REQUIRE(*text.as_str() == *python.read("s.encode()").as_bytes());
      python.bind("t", text);
      REQUIRE(python.read("s == t") == value{true});
    }
    CHECK(*python.read("'a\\0b'").as_str() == std::string("a\0b", 3));
    python.bind("t", value{std::string("a\0b", 3)});
    CHECK(python.read("t == 'a\\0b' and type(t) is str") == value{true});
    CHECK(python.read("''") == value{""});
  });
}

TEST_CASE("bytes of all 256 values cross in both directions", "[codec]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    std::string all;
    for (auto i = 0; i < 256; ++i)
      all.push_back(static_cast<char>(i));
    CHECK(python.read("bytes(range(256))") == value::bytes(all));
    python.bind("x", value::bytes(all));
    CHECK(python.read("x == bytes(range(256)) and type(x) is bytes")
          == value{true});
    CHECK(python.read("b''") == value::bytes(""));
  });
}

TEST_CASE("each Python type becomes its own kind and back", "[codec]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    for (auto* text : {"None", "True", "1", "1180591620717411303424", "1.5",
                       "'s'", "b's'", "[]", "[1, [2]]", "()", "(1, (2,))", "{}",
                       "{'b': 1, 'a': {2: 3}}", "set()", "{1}", "frozenset()",
                       "frozenset({'x'})", "[[], (), {}, set()]"}) {
      INFO(text);
      auto x = python.read(text);
      CHECK(to_string(x) == text);
      python.bind("x", x);
      CHECK(python.read("x == " + std::string{text} + " and type(x) is type("
                        + text + ")")
            == value{true});
    }
  });
}

TEST_CASE("dicts keep their order", "[codec]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    auto x = value::dict({{"z", 1}, {"a", 2}, {"m", 3}});
    CHECK(python.read("{'z': 1, 'a': 2, 'm': 3}") == x);
    python.bind("x", x);
    CHECK(python.read("list(x)") == value::list({"z", "a", "m"}));
  });
}

TEST_CASE("keys of every hashable kind cross in both directions", "[codec]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    auto keys = value::sequence{
      {},
      true,
      2,
      *value::integer("0x10000000000000000"),
      2.5,
      "key",
      value::bytes("key"),
      value::tuple({1, "x", value::tuple({})}),
      value::frozenset({1, "x", value::frozenset({})}),
    };
    value::mapping items;
    for (const auto& key : keys)
      items.emplace_back(key, to_string(key));
    auto x = value::dict(items);
    check_round_trip(py, x);
    check_round_trip(py, value::set(keys));
    check_round_trip(py, value::frozenset(keys));
    python.bind("x", x);
    CHECK(python.read("len(x)") == value{keys.size()});
    CHECK(python.read("x[frozenset({1, 'x', frozenset()})]")
          == value{to_string(keys.back())});
  });
}

TEST_CASE("a container of the greatest depth crosses, one deeper does not",
          "[codec]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("x = 1\nfor _ in range(200): x = [x]");
    auto deepest = python.read("x");
    CHECK(deepest.depth() == 200);
    check_round_trip(py, deepest);
    CHECK(python.refusal("[x]") != "converted");
    CHECK(python.refusal_of(value::list({deepest})) != "converted");
  });
}

TEST_CASE("the limit of nesting is the interpreter's", "[codec]") {
  pyactor::interpreter_limits limits{.nesting_depth = value::max_depth};
  in_main(
    [](attach_scope& py) {
      python_values python{py};
      python.exec("x = 1\nfor _ in range(1000): x = (x,)");
      check_round_trip(py, python.read("x"));
      CHECK(python.refusal("[x]").ends_with(
        "nested deeper than 1000 levels; flatten it, or raise the limit "
        "nesting_depth"));
    },
    limits);
}

TEST_CASE("a conversion leaves no reference behind", "[codec]") {
  in_each_kind([](attach_scope& py) {
    python_values python{py};
    python.exec("import sys\n"
                "class Odd: pass\n"
                "item = 'unique ' + str(1)\n"
                "odd = Odd()\n"
                "good = [item, (item,), {item: item}, {item}]\n"
                "bad = [item, {item: [odd]}]\n"
                "def counts(): return sys.getrefcount(item), "
                "sys.getrefcount(odd)");
    auto before = python.read("counts()");
    for (auto i = 0; i < 10; ++i) {
      auto x = python.read("good");
      check_round_trip(py, x);
      CHECK(python.refusal("bad") != "converted");
    }
    CHECK(python.read("counts()") == before);
  });
}

} // namespace codec_test
