#include <pyactor/test/libpyactor/fuzz/any_value.hpp>

#include <pyactor/libpyactor/utf8.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
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
  switch (bytes.ConsumeIntegralInRange(0, 7)) {
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
    default:
      return field_name(bytes);
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
  return result;
}

bool is_awkward(const value& x) {
  if (auto* text = x.as_str())
    return valid_utf8_prefix(*text) != text->size();
  auto what = x.type();
  if (what == value::kind::list || what == value::kind::tuple)
    return std::ranges::any_of(*x.as_sequence(), is_awkward);
  return what == value::kind::dict || what == value::kind::set
         || what == value::kind::frozenset;
}

} // namespace

value any_value(FuzzedDataProvider& bytes) {
  return any(bytes, 3);
}

bool may_be_refused(const value& x, const interpreter_limits& limits) {
  return x.depth() > limits.nesting_depth || is_awkward(x)
         || elements(x) > limits.value_elements;
}

} // namespace pyactor::fuzz
