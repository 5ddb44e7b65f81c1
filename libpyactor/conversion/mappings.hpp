#pragma once

#include <pyactor/libpyactor/capi/codec/containers.hpp>
#include <pyactor/libpyactor/capi/codec/dict_source.hpp>
#include <pyactor/libpyactor/conversion/converter.hpp>
#include <pyactor/libpyactor/conversion/mismatch.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/conversion/sequences.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <concepts>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

// Dicts and sets: std::map, std::unordered_map, std::set, std::unordered_set.

namespace PYACTOR_EXPORT pyactor {

namespace detail {

/// NaN has no place in an ordered container: it is equal to every key there.
template <class Key>
bool is_unordered(const Key& key) {
  if constexpr (std::floating_point<Key>)
    return key != key;
  else
    return false;
}

/// @returns the failure, if `key` can be none of `what` in C++
template <class Key>
expected<void> check_key(const Key& key, std::string_view what) {
  if (is_unordered(key))
    return refuse("nan cannot be among " + std::string{what} + " in C++");
  return {};
}

template <class Map>
struct map_converter {
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;

  static expected<Map> from_python(attach_scope& py, _object* object) {
    capi::dict_source source{py, object};
    if (auto opened = source.open(); !opened)
      return unexpected{std::move(opened).error()};
    Map result;
    for (size_t i = 0; i < source.size(); ++i) {
      auto key = converter<key_type>::from_python(py, source.key(i));
      if (!key)
        return unexpected{source.at_key(i, std::move(key).error())};
      auto mapped = converter<mapped_type>::from_python(py, source.mapped(i));
      if (!mapped)
        return unexpected{
          source.at(pyactor::to_value(*key), std::move(mapped).error())};
      if (auto done = put(result, *std::move(key), *std::move(mapped)); !done)
        return unexpected{source.at_key(i, std::move(done).error())};
    }
    if (auto closed = source.close(); !closed)
      return unexpected{std::move(closed).error()};
    return result;
  }

  static expected<object_ref> to_python(attach_scope& py, const Map& items) {
    capi::pair_list objects;
    objects.reserve(items.size());
    for (const auto& [key, mapped] : items) {
      auto name = converter<key_type>::to_python(py, key);
      if (!name)
        return unexpected{
          at_step(std::move(name).error(), dict_key_step(objects.size()))};
      auto object = argument_converter<mapped_type>::to_python(py, mapped);
      if (!object)
        return unexpected{
          at_step(std::move(object).error(), key_step(pyactor::to_value(key)))};
      objects.emplace_back(*std::move(name), *std::move(object));
    }
    return capi::make_dict(py, objects);
  }

  static expected<Map> from_value(const value& x) {
    auto items = dict_in(x);
    if (!items)
      return unexpected{std::move(items).error()};
    Map result;
    for (size_t i = 0; i < (*items)->size(); ++i) {
      const auto& [name, object] = (**items)[i];
      auto key = converter<key_type>::from_value(name);
      if (!key)
        return unexpected{at_step(std::move(key).error(), dict_key_step(i))};
      auto mapped = converter<mapped_type>::from_value(object);
      if (!mapped)
        return unexpected{at_step(std::move(mapped).error(), key_step(name))};
      if (auto done = put(result, *std::move(key), *std::move(mapped)); !done)
        return unexpected{at_step(std::move(done).error(), dict_key_step(i))};
    }
    return result;
  }

  static value to_value(const Map& items) {
    value::mapping result;
    result.reserve(items.size());
    for (const auto& [key, mapped] : items)
      result.emplace_back(pyactor::to_value(key), pyactor::to_value(mapped));
    return value::dict(std::move(result));
  }

private:
  static expected<void> put(Map& to, key_type key, mapped_type mapped) {
    if (auto checked = check_key(key, "keys"); !checked)
      return checked;
    auto [place, is_new] = to.try_emplace(std::move(key), std::move(mapped));
    if (!is_new)
      return refuse_repetition(pyactor::to_value(place->first), "keys");
    return {};
  }
};

template <class Set>
struct set_converter {
  using key_type = typename Set::key_type;

  static expected<Set> from_python(attach_scope& py, _object* object) {
    capi::item_source source{py, object};
    if (auto opened = source.open_set(); !opened)
      return unexpected{std::move(opened).error()};
    Set result;
    expected<void> done;
    auto read
      = read_items<key_type>(py, source, 0, [&](size_t, key_type&& item) {
          if (done)
            done = put(result, std::move(item));
        });
    if (read && done)
      return result;
    return unexpected{std::move(read ? done : read).error()};
  }

  static expected<object_ref> to_python(attach_scope& py, const Set& items) {
    capi::item_list objects;
    objects.reserve(items.size());
    for (const auto& item : items) {
      auto object = converter<key_type>::to_python(py, item);
      if (!object)
        return unexpected{at_step(std::move(object).error(), set_step)};
      objects.push_back(*std::move(object));
    }
    return capi::make_set(py, objects);
  }

  static expected<Set> from_value(const value& x) {
    auto items = set_in(x);
    if (!items)
      return unexpected{std::move(items).error()};
    Set result;
    for (const auto& item : **items) {
      auto key = converter<key_type>::from_value(item);
      if (!key)
        return unexpected{at_step(std::move(key).error(), set_step)};
      if (auto done = put(result, *std::move(key)); !done)
        return unexpected{std::move(done).error()};
    }
    return result;
  }

  static value to_value(const Set& items) {
    value::sequence result;
    result.reserve(items.size());
    for (const auto& item : items)
      result.push_back(pyactor::to_value(item));
    return value::set(std::move(result));
  }

private:
  static expected<void> put(Set& to, key_type item) {
    if (auto checked = check_key(item, "elements"); !checked)
      return checked;
    auto [place, is_new] = to.insert(std::move(item));
    if (!is_new)
      return refuse_repetition(pyactor::to_value(*place), "elements");
    return {};
  }
};

} // namespace detail

template <class Key, class T, class... Rest>
struct converter<std::map<Key, T, Rest...>>
  : detail::map_converter<std::map<Key, T, Rest...>> {};

template <class Key, class T, class... Rest>
struct converter<std::unordered_map<Key, T, Rest...>>
  : detail::map_converter<std::unordered_map<Key, T, Rest...>> {};

template <class Key, class... Rest>
struct converter<std::set<Key, Rest...>>
  : detail::set_converter<std::set<Key, Rest...>> {};

template <class Key, class... Rest>
struct converter<std::unordered_set<Key, Rest...>>
  : detail::set_converter<std::unordered_set<Key, Rest...>> {};

} // namespace pyactor
