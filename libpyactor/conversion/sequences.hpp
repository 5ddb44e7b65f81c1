#pragma once

#include <pyactor/libpyactor/capi/codec/containers.hpp>
#include <pyactor/libpyactor/capi/codec/item_source.hpp>
#include <pyactor/libpyactor/capi/codec/scalars.hpp>
#include <pyactor/libpyactor/conversion/converter.hpp>
#include <pyactor/libpyactor/conversion/mismatch.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <utility>
#include <vector>

// Lists: std::vector and std::array in both directions, other ranges to Python.

namespace PYACTOR_EXPORT pyactor {

namespace detail {

/// A range whose items can be read without changing it, or a copy of it.
template <class T>
concept readable_range = std::ranges::input_range<const T>
                         || (std::ranges::input_range<T> && std::copyable<T>);

/// Calls `visit` for each item of `items` until one call returns false.
template <readable_range T, class F>
void for_each_item(const T& items, F&& visit) {
  if constexpr (std::ranges::input_range<const T>) {
    for (auto&& item : items)
      if (!visit(item))
        return;
  } else {
    auto copy = items;
    for (auto&& item : copy)
      if (!visit(item))
        return;
  }
}

template <class Range>
using item_type
  = std::remove_cvref_t<std::ranges::range_reference_t<std::conditional_t<
    std::ranges::input_range<const Range>, const Range, Range>>>;

/// A range is a Python list.
template <readable_range T>
struct range_writer {
  // The reference of std::vector<bool> is a class; its item is a bool.
  using item = std::conditional_t<std::same_as<T, std::vector<bool>>, bool,
                                  item_type<T>>;

  static expected<object_ref> to_python(attach_scope& py, const T& items) {
    capi::item_list objects;
    if constexpr (std::ranges::sized_range<const T>)
      objects.reserve(std::ranges::size(items));
    error failure;
    auto failed = false;
    for_each_item(items, [&](const item& x) {
      auto object = argument_converter<item>::to_python(py, x);
      if (object) {
        objects.push_back(*std::move(object));
      } else {
        failed = true;
        failure
          = at_step(std::move(object).error(), index_step(objects.size()));
      }
      return !failed;
    });
    if (failed)
      return unexpected{std::move(failure)};
    return capi::make_list(py, std::move(objects));
  }

  static value to_value(const T& items) {
    value::sequence result;
    for_each_item(items, [&](const item& x) {
      result.push_back(argument_converter<item>::to_value(x));
      return true;
    });
    return value::list(std::move(result));
  }
};

/// Appends the numbers at the start of a list or tuple that need no conversion,
/// in one go.
template <class Vector>
void copy_leading(_object* container, Vector& to) {
  using item = typename Vector::value_type;
  if constexpr (std::same_as<Vector, std::vector<int64_t>>
                || std::same_as<Vector, std::vector<double>>) {
    capi::read_leading(container, to);
  } else if constexpr (integer_type<item>) {
    std::vector<int64_t> numbers;
    capi::read_leading(container, numbers);
    auto end = std::ranges::find_if_not(numbers, std::in_range<item, int64_t>);
    to.assign(numbers.begin(), end);
  }
}

/// Reads the items of an open source from `first` on.
/// @param put takes an index and an item
template <class T, class F>
expected<void> read_items(attach_scope& py, capi::item_source& source,
                          size_t first, F&& put) {
  for (auto i = first; i < source.size(); ++i) {
    auto* object = source.item(i);
    if (!object)
      break;
    auto item = converter<T>::from_python(py, object);
    if (!item)
      return unexpected{source.at(i, std::move(item).error())};
    put(i, *std::move(item));
  }
  return source.close();
}

/// The same for the items of a value.
template <class T, class F>
expected<void> read_items(const value::sequence& items, F&& put) {
  for (size_t i = 0; i < items.size(); ++i) {
    auto item = converter<T>::from_value(items[i]);
    if (!item)
      return unexpected{at_step(std::move(item).error(), index_step(i))};
    put(i, *std::move(item));
  }
  return {};
}

} // namespace detail

/// To Python only.
template <detail::readable_range T>
struct converter<T> : detail::range_writer<T> {};

template <class T, class Allocator>
struct converter<std::vector<T, Allocator>>
  : detail::range_writer<std::vector<T, Allocator>> {
  using vector = std::vector<T, Allocator>;

  static expected<vector> from_python(attach_scope& py, _object* object) {
    vector result;
    detail::copy_leading(object, result);
    capi::item_source source{py, object};
    if (auto opened = source.open_sequence(); !opened)
      return unexpected{std::move(opened).error()};
    result.reserve(source.size());
    auto read
      = detail::read_items<T>(py, source, result.size(), [&](size_t, T&& item) {
          result.push_back(std::move(item));
        });
    if (!read)
      return unexpected{std::move(read).error()};
    return result;
  }

  static expected<vector> from_value(const value& x) {
    auto items = sequence_in(x);
    if (!items)
      return unexpected{std::move(items).error()};
    vector result;
    result.reserve((*items)->size());
    auto read = detail::read_items<T>(
      **items, [&](size_t, T&& item) { result.push_back(std::move(item)); });
    if (!read)
      return unexpected{std::move(read).error()};
    return result;
  }
};

template <class T, size_t N>
struct converter<std::array<T, N>> : detail::range_writer<std::array<T, N>> {
  static expected<std::array<T, N>> from_python(attach_scope& py,
                                                _object* object) {
    capi::item_source source{py, object};
    if (auto opened = source.open_sequence(N); !opened)
      return unexpected{std::move(opened).error()};
    std::array<T, N> result{};
    auto read = detail::read_items<T>(
      py, source, 0, [&](size_t i, T&& item) { result[i] = std::move(item); });
    if (!read)
      return unexpected{std::move(read).error()};
    return result;
  }

  static expected<std::array<T, N>> from_value(const value& x) {
    auto items = sequence_in(x, N);
    if (!items)
      return unexpected{std::move(items).error()};
    std::array<T, N> result{};
    auto read = detail::read_items<T>(
      **items, [&](size_t i, T&& item) { result[i] = std::move(item); });
    if (!read)
      return unexpected{std::move(read).error()};
    return result;
  }
};

} // namespace pyactor
