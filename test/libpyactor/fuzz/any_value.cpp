#include <pyactor/test/libpyactor/fuzz/any_value.hpp>

#include <pyactor/libpyactor/utf8.hpp>
#include <pyactor/test/support/fake_host.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pyactor::fuzz {

namespace {

constexpr size_t max_text = 24;

value integer(FuzzedDataProvider& bytes) {
  auto complement = bytes.ConsumeBytes<std::byte>(
    bytes.ConsumeIntegralInRange<size_t>(0, 40));
  return value::integer(complement);
}

/// Numbers that fall on each other, or on a bool, are as good as all others.
value number(FuzzedDataProvider& bytes) {
  auto x = bytes.ConsumeIntegral<int8_t>();
  if (bytes.ConsumeBool())
    return x;
  return static_cast<double>(x) / 2;
}

value field_name(FuzzedDataProvider& bytes) {
  return bytes.PickValueInArray({"x", "y", "name", "points", "children"});
}

value any_actor(FuzzedDataProvider& bytes) {
  auto found = actors().begin();
  std::advance(found,
               bytes.ConsumeIntegralInRange<size_t>(0, actors().size() - 1));
  return value::actor(found->second);
}

/// Deeper than Python objects may be, but not than values may be.
value deep(FuzzedDataProvider& bytes, value x) {
  auto kind = bytes.ConsumeIntegralInRange(0, 3);
  auto wanted = bytes.ConsumeIntegralInRange<size_t>(0, 250);
  while (x.depth() < wanted) {
    if (kind == 0)
      x = value::list({x});
    else if (kind == 1)
      x = value::tuple({1, x});
    else if (kind == 2)
      x = value::dict({{"children", value::list({x})}});
    else
      x = value::frozenset({x});
  }
  return x;
}

value any(FuzzedDataProvider& bytes, size_t depth);

value::sequence items(FuzzedDataProvider& bytes, size_t depth) {
  value::sequence result;
  for (auto n = bytes.ConsumeIntegralInRange(0, 6); n > 0; --n)
    result.push_back(any(bytes, depth));
  return result;
}

value dict(FuzzedDataProvider& bytes, size_t depth) {
  value::mapping result;
  for (auto n = bytes.ConsumeIntegralInRange(0, 6); n > 0; --n) {
    auto key = any(bytes, depth);
    result.emplace_back(std::move(key), any(bytes, depth));
  }
  return value::dict(std::move(result));
}

value scalar(FuzzedDataProvider& bytes) {
  switch (bytes.ConsumeIntegralInRange(0, 8)) {
    case 0:
      return {};
    case 1:
      return bytes.ConsumeBool();
    case 2:
      return integer(bytes);
    case 3:
      return std::bit_cast<double>(bytes.ConsumeIntegral<uint64_t>());
    case 4:
      return number(bytes);
    case 5:
      return bytes.ConsumeRandomLengthString(max_text);
    case 6:
      return value::bytes(bytes.ConsumeRandomLengthString(max_text));
    case 7:
      return field_name(bytes);
    default:
      return any_actor(bytes);
  }
}

value any(FuzzedDataProvider& bytes, size_t depth) {
  if (depth == 0)
    return scalar(bytes);
  switch (bytes.ConsumeIntegralInRange(0, 8)) {
    case 0:
      return value::list(items(bytes, depth - 1));
    case 1:
      return value::tuple(items(bytes, depth - 1));
    case 2:
      return value::set(items(bytes, depth - 1));
    case 3:
      return value::frozenset(items(bytes, depth - 1));
    case 4:
      return dict(bytes, depth - 1);
    case 5:
      return deep(bytes, any(bytes, depth - 1));
    case 6: {
      auto x = any(bytes, depth - 1);
      return value::dict({{"x", x}, {"y", any(bytes, depth - 1)}});
    }
    default:
      return scalar(bytes);
  }
}

size_t elements(const value& x) {
  size_t result = 0;
  if (auto* sequence = x.as_sequence())
    for (const auto& item : *sequence)
      result += 1 + elements(item);
  if (auto* dict = x.as_dict())
    for (const auto& [key, mapped] : *dict)
      result += 1 + elements(key) + elements(mapped);
  return result;
}

bool is_hashable(const value& x) {
  switch (x.type()) {
    case value::kind::list:
    case value::kind::dict:
    case value::kind::set:
      return false;
    case value::kind::tuple:
      return std::ranges::all_of(*x.as_sequence(), is_hashable);
    default:
      return true;
  }
}

/// @returns a number as an int where it is whole, else as it is
value whole(const value& x) {
  if (auto truth = x.as_bool())
    return *truth ? 1 : 0;
  auto floating = x.as_double();
  if (!floating || std::trunc(*floating) != *floating
      || !std::isfinite(*floating))
    return x;
  std::array<char, 400> digits{};
  // Of zero, without the sign.
  std::snprintf(digits.data(), digits.size(), "%.0f", *floating + 0.0);
  return value::integer(std::string_view{digits.data()}).value();
}

bool are_equal(const value& x, const value& y) {
  auto left = whole(x);
  auto right = whole(y);
  if (left.type() != right.type())
    return false;
  if (left.type() == value::kind::floating)
    return *left.as_double() == *right.as_double();
  if (auto who = left.as_actor())
    return who->id() == right.as_actor()->id();
  if (left.type() != value::kind::tuple
      && left.type() != value::kind::frozenset)
    return left == right;
  const auto& items = *left.as_sequence();
  const auto& others = *right.as_sequence();
  if (left.type() == value::kind::tuple)
    return std::ranges::equal(items, others, are_equal);
  return items.size() == others.size()
         && std::ranges::all_of(items, [&](const value& item) {
              return std::ranges::any_of(others, [&](const value& other) {
                return are_equal(item, other);
              });
            });
}

/// Whether a dict cannot have these keys, or a set these elements.
bool are_no_keys(const value::sequence& keys) {
  if (!std::ranges::all_of(keys, is_hashable))
    return true;
  for (auto key = keys.begin(); key != keys.end(); ++key)
    if (std::any_of(key + 1, keys.end(),
                    [&](const value& other) { return are_equal(*key, other); }))
      return true;
  return false;
}

void collect_references(const value& x, std::vector<const actor_ref*>& to) {
  if (auto who = x.as_actor())
    to.push_back(who.get());
  if (auto* sequence = x.as_sequence())
    for (const auto& item : *sequence)
      collect_references(item, to);
  if (auto* dict = x.as_dict())
    for (const auto& [key, mapped] : *dict) {
      collect_references(key, to);
      collect_references(mapped, to);
    }
}

/// Whether Python has no such object, whatever the limits.
bool is_impossible(const value& x) {
  if (auto* text = x.as_str())
    return valid_utf8_prefix(*text) != text->size();
  if (auto* items = x.as_sequence()) {
    auto is_set
      = x.type() == value::kind::set || x.type() == value::kind::frozenset;
    return std::ranges::any_of(*items, is_impossible)
           || (is_set && are_no_keys(*items));
  }
  if (auto* dict = x.as_dict()) {
    value::sequence keys;
    for (const auto& [key, mapped] : *dict) {
      if (is_impossible(key) || is_impossible(mapped))
        return true;
      keys.push_back(key);
    }
    return are_no_keys(keys);
  }
  return false;
}

} // namespace

const std::map<std::string, actor_ref_ptr, std::less<>>& actors() {
  // Two that are equal, with the hash of a small number; one whose hash Python
  // has for errors; and one whose actor is gone.
  static const auto result = [] {
    auto refer = [](std::shared_ptr<fake::actor> who, bool is_strong) {
      return std::make_shared<const fake::ref>(std::move(who), is_strong);
    };
    auto first = fake::make_actor(1, "first");
    return std::map<std::string, actor_ref_ptr, std::less<>>{
      {"ended", refer(fake::make_actor(2, "ended"), false)},
      {"first", refer(first, true)},
      {"first_again", refer(first, false)},
      {"last", refer(fake::make_actor(UINT64_MAX, "größe"), true)},
    };
  }();
  return result;
}

value any_value(FuzzedDataProvider& bytes) {
  return any(bytes, 3);
}

bool is_to_be_refused(const value& x, const interpreter_limits& limits) {
  return x.depth() > limits.nesting_depth || is_impossible(x)
         || elements(x) > limits.value_elements;
}

std::vector<const actor_ref*> references_in(const value& x) {
  std::vector<const actor_ref*> result;
  collect_references(x, result);
  std::ranges::sort(result, std::less<>{});
  return result;
}

} // namespace pyactor::fuzz
