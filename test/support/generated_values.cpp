#include <pyactor/test/support/generated_values.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <string>

namespace pyactor::test {

namespace {

void append_utf8(std::string& to, char32_t x) {
  auto put = [&](char32_t bits) { to.push_back(static_cast<char>(bits)); };
  if (x < 0x80) {
    put(x);
  } else if (x < 0x800) {
    put(0xc0 | x >> 6);
    put(0x80 | (x & 0x3f));
  } else if (x < 0x10000) {
    put(0xe0 | x >> 12);
    put(0x80 | (x >> 6 & 0x3f));
    put(0x80 | (x & 0x3f));
  } else {
    put(0xf0 | x >> 18);
    put(0x80 | (x >> 12 & 0x3f));
    put(0x80 | (x >> 6 & 0x3f));
    put(0x80 | (x & 0x3f));
  }
}

/// A text that is the same for what Python finds equal: 1, 1.0 and True.
std::string equality_class(const value& x) {
  if (auto* truth = x.as_bool())
    return *truth ? "1" : "0";
  if (auto* number = x.as_double();
      number && std::isfinite(*number) && *number == std::trunc(*number))
    return std::abs(*number) < 0x1p53
             ? std::to_string(static_cast<int64_t>(*number))
             : "large";
  if (x.type() == value::kind::integer && !x.as_int64())
    return "large";
  if (x.type() == value::kind::tuple || x.type() == value::kind::frozenset) {
    std::multiset<std::string> parts;
    for (const auto& item : *x.as_sequence())
      parts.insert(equality_class(item));
    auto result = x.type() == value::kind::tuple ? std::string{"tuple"}
                                                 : std::string{"frozenset"};
    for (const auto& part : parts)
      result += ',' + part;
    return result;
  }
  return to_string(x);
}

} // namespace

value value_generator::any(size_t depth) {
  if (depth == 0 || below(3) == 0)
    return hashable(0);
  switch (below(6)) {
    case 0:
      return value::list(anything(depth - 1));
    case 1:
      return value::tuple(anything(depth - 1));
    case 2:
      return value::dict(pairs(depth - 1));
    case 3:
      return value::set(distinct_hashables(depth - 1));
    default:
      return hashable(depth);
  }
}

value value_generator::hashable(size_t depth) {
  switch (below(depth == 0 ? 6 : 8)) {
    case 0:
      return {};
    case 1:
      return below(2) == 0;
    case 2:
      return integer();
    case 3:
      return floating();
    case 4:
      return str();
    case 5:
      return bytes();
    case 6: {
      value::sequence items;
      for (auto n = below(4); n > 0; --n)
        items.push_back(hashable(depth - 1));
      return value::tuple(std::move(items));
    }
    default:
      return value::frozenset(distinct_hashables(depth - 1));
  }
}

value value_generator::integer() {
  std::vector<std::byte> complement(1 + below(26));
  for (auto& byte : complement)
    byte = static_cast<std::byte>(random_());
  return value::integer(complement);
}

value value_generator::floating() {
  static const auto edges = edge_floats();
  if (below(2) == 0)
    return edges[below(edges.size())];
  return std::bit_cast<double>(random_());
}

value value_generator::str() {
  static constexpr std::array<char32_t, 6> bounds{0x7f,   0xff,    0x7ff,
                                                  0xffff, 0x1ffff, 0x10ffff};
  auto bound = bounds[below(bounds.size())];
  std::string result;
  for (auto n = below(12); n > 0; --n) {
    auto x = static_cast<char32_t>(below(bound + 1));
    if (below(8) == 0)
      x = 0;
    if (x < 0xd800 || x > 0xdfff)
      append_utf8(result, x);
  }
  return result;
}

value value_generator::bytes() {
  std::string result(below(16), '\0');
  for (auto& c : result)
    c = static_cast<char>(random_());
  return value::bytes(std::move(result));
}

size_t value_generator::below(size_t bound) {
  return random_() % bound;
}

value::sequence value_generator::distinct_hashables(size_t depth) {
  std::set<std::string> seen;
  value::sequence result;
  for (auto n = below(5); n > 0; --n) {
    auto item = hashable(depth);
    if (seen.insert(equality_class(item)).second)
      result.push_back(std::move(item));
  }
  return result;
}

value::sequence value_generator::anything(size_t depth) {
  value::sequence result;
  for (auto n = below(5); n > 0; --n)
    result.push_back(any(depth));
  return result;
}

value::mapping value_generator::pairs(size_t depth) {
  value::mapping result;
  for (auto& key : distinct_hashables(depth))
    result.emplace_back(std::move(key), any(depth));
  return result;
}

std::vector<value> edge_integers() {
  std::vector<value> result{0};
  for (size_t bit = 0; bit <= 200; ++bit) {
    // 2^bit, 2^bit - 1, 2^bit + 1, and their negatives, by their bytes.
    for (auto offset : {-1, 0, 1}) {
      std::vector<std::byte> complement(bit / 8 + 2);
      complement[bit / 8] = static_cast<std::byte>(1U << bit % 8);
      auto add = [](std::vector<std::byte>& to, int summand) {
        auto carry = summand;
        for (auto& byte : to) {
          carry += std::to_integer<int>(byte);
          byte = static_cast<std::byte>(carry);
          carry >>= 8;
        }
      };
      add(complement, offset);
      result.push_back(value::integer(complement));
      for (auto& byte : complement)
        byte = ~byte;
      add(complement, 1);
      result.push_back(value::integer(complement));
    }
  }
  return result;
}

std::vector<double> edge_floats() {
  using limits = std::numeric_limits<double>;
  return {0.0,
          -0.0,
          1.0,
          -1.5,
          0.1,
          1e16,
          1e15,
          1e-4,
          1e-5,
          123456789012345680.0,
          limits::max(),
          limits::lowest(),
          limits::min(),
          limits::denorm_min(),
          -limits::denorm_min(),
          limits::infinity(),
          -limits::infinity(),
          std::bit_cast<double>(0x7ff8000000000000),
          std::bit_cast<double>(0xfff8000000000000),
          std::bit_cast<double>(0x7ff8000000012345),
          std::bit_cast<double>(0xffffffffffffffff)};
}

bool contains_set(const value& x) {
  auto what = x.type();
  if (what == value::kind::set || what == value::kind::frozenset)
    return true;
  if (auto* items = x.as_sequence())
    return std::ranges::any_of(*items, contains_set);
  if (auto* items = x.as_dict())
    return std::ranges::any_of(*items, [](const auto& pair) {
      return contains_set(pair.first) || contains_set(pair.second);
    });
  return false;
}

} // namespace pyactor::test
