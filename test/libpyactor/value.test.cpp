#include <pyactor/libpyactor/value.hpp>

#include <pyactor/libpyactor/host.hpp>
#include <pyactor/test/support/generated_values.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace value_test {

using pyactor::errc;
using pyactor::value;
using namespace pyactor::test;

namespace {

class numbered_actor : public pyactor::actor_ref {
public:
  explicit numbered_actor(uint64_t id) : id_(id) {
  }

  uint64_t id() const noexcept override {
    return id_;
  }

  std::string describe() const override {
    return "numbered#" + std::to_string(id_);
  }

  bool alive() const noexcept override {
    return true;
  }

  pyactor::expected<void> send(std::string_view,
                               pyactor::arguments) const override {
    return {};
  }

private:
  uint64_t id_;
};

value actor(uint64_t id) {
  return value::actor(std::make_shared<const numbered_actor>(id));
}

value nested(size_t depth) {
  value result = 1;
  for (size_t i = 0; i < depth; ++i)
    result = value::list({result});
  return result;
}

} // namespace

TEST_CASE("a value is made of exact C++ types only", "[value]") {
  STATIC_CHECK(std::is_constructible_v<value, bool>);
  STATIC_CHECK(std::is_constructible_v<value, uint64_t>);
  STATIC_CHECK(std::is_constructible_v<value, float>);
  STATIC_CHECK(std::is_constructible_v<value, const char*>);
  STATIC_CHECK_FALSE(std::is_constructible_v<value, char>);
  STATIC_CHECK_FALSE(std::is_constructible_v<value, char32_t>);
  STATIC_CHECK_FALSE(std::is_constructible_v<value, long double>);
  STATIC_CHECK_FALSE(std::is_constructible_v<value, int*>);
  STATIC_CHECK_FALSE(std::is_constructible_v<value, errc>);
  STATIC_CHECK(std::is_nothrow_move_constructible_v<value>);
}

TEST_CASE("each kind of value gives what it was made of", "[value]") {
  CHECK(value{}.is_none());
  CHECK(*value{true}.as_bool());
  CHECK(*value{-7}.as_int64() == -7);
  CHECK(*value{2.5}.as_double() == 2.5);
  CHECK(*value{"text"}.as_str() == "text");
  CHECK(value{"text"}.as_bytes() == nullptr);
  CHECK(*value::bytes(std::string{"a\0b", 3}).as_bytes()
        == std::string("a\0b", 3));
  CHECK(value::tuple({1, 2}).as_sequence()->size() == 2);
  CHECK(value::dict({{1, 2}}).as_dict()->front().second == value{2});
  CHECK(actor(3).as_actor()->id() == 3);
  CHECK(value::actor(nullptr).is_none());
  CHECK(value{1}.as_sequence() == nullptr);
  CHECK(value{}.as_actor() == nullptr);
}

TEST_CASE("values are equal by kind and content", "[value]") {
  CHECK(value{1} != value{true});
  CHECK(value{1} != value{1.0});
  CHECK(value{"a"} != value::bytes("a"));
  CHECK(value::list({1}) != value::tuple({1}));
  CHECK(value::set({1}) != value::frozenset({1}));
  CHECK(value{0.0} != value{-0.0});
  auto nan = std::bit_cast<double>(0x7ff8000000012345);
  CHECK(value{nan} == value{nan});
  CHECK(value{nan} != value{std::numeric_limits<double>::quiet_NaN()});
  CHECK(value::list({1, 2}) != value::list({2, 1}));
  CHECK(value::dict({{1, 1}, {2, 2}}) != value::dict({{2, 2}, {1, 1}}));
  CHECK(value::set({1, 2, "x"}) == value::set({"x", 1, 2}));
  CHECK(value::set({1, 2}) != value::set({1, 3}));
  CHECK(value::set({1, 1, 2}) != value::set({1, 2, 2}));
  CHECK(actor(1) == actor(1));
  CHECK(actor(1) != actor(2));
}

TEST_CASE("equal values have equal hashes", "[value]") {
  value_generator first;
  value_generator second;
  std::unordered_set<value> seen;
  for (auto i = 0; i < 500; ++i) {
    auto x = first.any(3);
    auto y = second.any(3);
    INFO(to_string(x));
    REQUIRE(x == y);
    REQUIRE(x.hash() == y.hash());
    seen.insert(x);
    REQUIRE(seen.contains(y));
  }
  CHECK(value::set({1, 2, "x"}).hash() == value::set({"x", 2, 1}).hash());
  CHECK(value{1}.hash() != value{true}.hash());
}

TEST_CASE("an integer that fits 64 bits is the same however it was made",
          "[value]") {
  std::vector<std::byte> padded(40, std::byte{0xff});
  CHECK(value::integer(padded) == value{-1});
  CHECK(value::integer("-9223372036854775808")
        == value{std::numeric_limits<int64_t>::min()});
  CHECK(value::integer("0x7fffffffffffffff")
        == value{std::numeric_limits<int64_t>::max()});
  CHECK(value::integer("18446744073709551615")
        == value{std::numeric_limits<uint64_t>::max()});
  CHECK(value::integer("9223372036854775808")->as_int64() == nullptr);
  CHECK(value::integer(std::vector<std::byte>{}) == value{0});
}

TEST_CASE("integers of any size survive their bytes and their digits",
          "[value]") {
  for (const auto& x : edge_integers()) {
    INFO(to_string(x));
    REQUIRE(value::integer(x.integer_bytes()) == x);
    REQUIRE(value::integer(to_string(x)) == x);
  }
  CHECK(to_string(*value::integer("0x1" + std::string(50, '0')))
        == "1606938044258990275541962092341162602522202993782792835301376");
  CHECK(value::integer("-0x10") == value{-16});
  CHECK(value::integer("-0") == value{0});
  CHECK(value::integer("007") == value{7});
  CHECK(value::integer("-128")->integer_bytes().size() == 1);
  CHECK(value::integer("128")->integer_bytes().size() == 2);
}

TEST_CASE("text that is no integer is an invalid argument", "[value]") {
  for (auto* text : {"", "-", "0x", "+1", " 1", "1 ", "1_000", "0xg", "1.0",
                     "--1", "0X1", "12345678901234567890x"}) {
    INFO(text);
    auto result = value::integer(std::string_view{text});
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == errc::invalid_argument);
  }
}

TEST_CASE("a value prints as Python would print it", "[value]") {
  struct row {
    value x;
    std::string text;
  };

  auto big = *value::integer("-1606938044258990275541962092341162602522202993");
  for (const auto& [x, text] : std::vector<row>{
         {{}, "None"},
         {true, "True"},
         {-42, "-42"},
         {big, "-1606938044258990275541962092341162602522202993"},
         {1.0, "1.0"},
         {0.1, "0.1"},
         {-0.0, "-0.0"},
         {1e16, "1e+16"},
         {1e15, "1000000000000000.0"},
         {1e22, "1e+22"},
         {1e-4, "0.0001"},
         {1e-5, "1e-05"},
         {1.5e300, "1.5e+300"},
         {5e-324, "5e-324"},
         {std::numeric_limits<double>::infinity(), "inf"},
         {"it", "'it'"},
         {"it's", "\"it's\""},
         {"'\"", "'\\'\"'"},
         {"a\n\t\x01\\", "'a\\n\\t\\x01\\\\'"},
         {"\xc3\xa9\xc2\x85", "'\xc3\xa9\\x85'"},
         {"\xe2\x80\xa8\xf0\x9f\x90\x8d", "'\\u2028\xf0\x9f\x90\x8d'"},
         {std::string{"\0", 1}, "'\\x00'"},
         {"\xff", "'\\xff'"},
         {value::bytes("a'\xff"), "b\"a'\\xff\""},
         {value::list({}), "[]"},
         {value::tuple({1}), "(1,)"},
         {value::tuple({}), "()"},
         {value::dict({{"a", 1}, {2, value::list({3})}}), "{'a': 1, 2: [3]}"},
         {value::set({}), "set()"},
         {value::set({1}), "{1}"},
         {value::frozenset({}), "frozenset()"},
         {value::frozenset({1}), "frozenset({1})"},
         {actor(7), "<ActorRef numbered#7>"},
       })
    CHECK(to_string(x) == text);
}

TEST_CASE("a value nests to the bound and no deeper", "[value]") {
  CHECK(value{1}.depth() == 0);
  CHECK(value::dict({{value::tuple({1}), 2}}).depth() == 2);
  auto deepest = nested(value::max_depth);
  CHECK(deepest.depth() == value::max_depth);
  CHECK(deepest == nested(value::max_depth));
  CHECK(deepest.hash() == nested(value::max_depth).hash());
  CHECK(to_string(deepest).size() == 2 * value::max_depth + 1);
  CHECK_THROWS_AS(value::list({deepest}), std::length_error);
  CHECK_THROWS_AS(value::dict({{1, deepest}}), std::length_error);
}

} // namespace value_test
