#include <pyactor/libpyactor/host.hpp>
#include <pyactor/libpyactor/value.hpp>

#include <algorithm>
#include <bit>
#include <functional>

namespace pyactor {

namespace {

using hashed_item = std::pair<size_t, const value*>;

std::vector<hashed_item> sorted_by_hash(const value::sequence& items) {
  std::vector<hashed_item> result;
  result.reserve(items.size());
  for (const auto& item : items)
    result.emplace_back(item.hash(), &item);
  std::ranges::sort(result, {}, &hashed_item::first);
  return result;
}

/// Whether two sets hold the same, in whatever order.
bool same_items(const value::sequence& xs, const value::sequence& ys) {
  if (xs.size() != ys.size())
    return false;
  auto left = sorted_by_hash(xs);
  auto right = sorted_by_hash(ys);
  if (!std::ranges::equal(left, right, {}, &hashed_item::first,
                          &hashed_item::first))
    return false;
  auto same = [](const hashed_item& x, const hashed_item& y) {
    return *x.second == *y.second;
  };
  for (size_t first = 0; first < left.size();) {
    auto last = first + 1;
    while (last < left.size() && left[last].first == left[first].first)
      ++last;
    auto offset = static_cast<std::ptrdiff_t>(first);
    auto count = static_cast<std::ptrdiff_t>(last - first);
    if (!std::is_permutation(left.begin() + offset,
                             left.begin() + offset + count,
                             right.begin() + offset, same))
      return false;
    first = last;
  }
  return true;
}

bool is_set(value::kind what) noexcept {
  return what == value::kind::set || what == value::kind::frozenset;
}

size_t mix(size_t seed, size_t x) noexcept {
  // The finalizer of SplitMix64.
  auto bits = static_cast<uint64_t>(seed) * 31 + x + 0x9e3779b97f4a7c15;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  return static_cast<size_t>(bits ^ bits >> 31);
}

size_t hash_items(size_t seed, const value::sequence& items,
                  bool ordered) noexcept {
  size_t sum = 0;
  for (const auto& item : items)
    sum = ordered ? mix(sum, item.hash()) : sum + item.hash();
  return mix(seed, sum);
}

} // namespace

// A friend alone is not exported with its namespace.
PYACTOR_EXPORT bool operator==(const value& x, const value& y) {
  // What two values share is equal, whatever it is.
  if (x.data_ == y.data_ && !x.as_double())
    return true;
  auto what = x.type();
  if (what != y.type())
    return false;
  switch (what) {
    case value::kind::none:
      return true;
    case value::kind::floating:
      return std::bit_cast<uint64_t>(*x.as_double())
             == std::bit_cast<uint64_t>(*y.as_double());
    case value::kind::integer: {
      using big = value::shared<value::big_node>;
      auto* left = std::get_if<big>(&x.data_);
      auto* right = std::get_if<big>(&y.data_);
      return left && right && (*left)->complement == (*right)->complement;
    }
    case value::kind::str:
      return *x.as_str() == *y.as_str();
    case value::kind::bytes:
      return *x.as_bytes() == *y.as_bytes();
    case value::kind::dict:
      return *x.as_dict() == *y.as_dict();
    case value::kind::actor:
      return x.as_actor()->id() == y.as_actor()->id();
    case value::kind::boolean:
      return false;
    default:
      return is_set(what) ? same_items(*x.as_sequence(), *y.as_sequence())
                          : *x.as_sequence() == *y.as_sequence();
  }
}

size_t value::hash() const noexcept {
  auto what = type();
  auto seed = static_cast<size_t>(what);
  switch (what) {
    case kind::none:
      return mix(seed, 0);
    case kind::boolean:
      return mix(seed, *as_bool() ? 1 : 0);
    case kind::floating:
      return mix(seed, std::bit_cast<uint64_t>(*as_double()));
    case kind::integer:
      if (auto small = as_int64())
        return mix(seed, static_cast<uint64_t>(*small));
      for (auto byte : std::get<shared<big_node>>(data_)->complement)
        seed = mix(seed, std::to_integer<size_t>(byte));
      return seed;
    case kind::str:
      return mix(seed, std::hash<std::string>{}(*as_str()));
    case kind::bytes:
      return mix(seed, std::hash<std::string>{}(*as_bytes()));
    case kind::dict:
      for (const auto& [key, mapped] : *as_dict())
        seed = mix(mix(seed, key.hash()), mapped.hash());
      return seed;
    case kind::actor:
      return mix(seed, as_actor()->id());
    default:
      return hash_items(seed, *as_sequence(), !is_set(what));
  }
}

} // namespace pyactor
