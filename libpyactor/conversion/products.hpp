#pragma once

#include <pyactor/libpyactor/capi/codec/containers.hpp>
#include <pyactor/libpyactor/capi/codec/item_source.hpp>
#include <pyactor/libpyactor/capi/codec/scalars.hpp>
#include <pyactor/libpyactor/conversion/converter.hpp>
#include <pyactor/libpyactor/conversion/mismatch.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>

// None or a T, and tuples of a fixed size: std::optional, std::pair,
// std::tuple.

namespace PYACTOR_EXPORT pyactor {

template <class T>
struct converter<std::optional<T>> {
  using optional = std::optional<T>;

  static expected<optional> from_python(attach_scope& py, _object* object) {
    if (capi::is_none(object))
      return optional{};
    return wrapped(converter<T>::from_python(py, object));
  }

  static expected<object_ref> to_python(attach_scope& py, const optional& x) {
    return x ? argument_converter<T>::to_python(py, *x) : capi::make_none();
  }

  static expected<optional> from_value(const value& x) {
    if (x.is_none())
      return optional{};
    return wrapped(converter<T>::from_value(x));
  }

  static value to_value(const optional& x) {
    return x ? argument_converter<T>::to_value(*x) : value{};
  }

private:
  static expected<optional> wrapped(expected<T>&& x) {
    if (!x)
      return unexpected{std::move(x).error()};
    return optional{*std::move(x)};
  }
};

template <class... Ts>
struct converter<std::tuple<Ts...>> {
  using tuple = std::tuple<Ts...>;
  using indices = std::index_sequence_for<Ts...>;

  static expected<tuple> from_python(attach_scope& py, _object* object) {
    capi::item_source source{py, object};
    if (auto opened = source.open_sequence(sizeof...(Ts)); !opened)
      return unexpected{std::move(opened).error()};
    auto read = [&]<class T>(size_t i, std::optional<T>& to) -> expected<void> {
      auto* item = source.item(i);
      if (!item)
        return source.close();
      return put(to, converter<T>::from_python(py, item),
                 [&](error what) { return source.at(i, std::move(what)); });
    };
    auto result = read_all(read, indices{});
    if (auto closed = source.close(); result && !closed)
      return unexpected{std::move(closed).error()};
    return result;
  }

  static expected<object_ref> to_python(attach_scope& py, const tuple& x) {
    return write_all(py, x, indices{});
  }

  static expected<tuple> from_value(const value& x) {
    auto items = sequence_in(x, sizeof...(Ts));
    if (!items)
      return unexpected{std::move(items).error()};
    auto read = [&]<class T>(size_t i, std::optional<T>& to) -> expected<void> {
      return put(to, converter<T>::from_value((**items)[i]), [&](error what) {
        return at_step(std::move(what), index_step(i));
      });
    };
    return read_all(read, indices{});
  }

  static value to_value(const tuple& x) {
    return std::apply(
      [](const auto&... items) {
        return value::tuple(
          {argument_converter<std::remove_cvref_t<decltype(items)>>::to_value(
            items)...});
      },
      x);
  }

private:
  template <class T, class F>
  static expected<void> put(std::optional<T>& to, expected<T>&& item, F&& at) {
    if (!item)
      return unexpected{at(std::move(item).error())};
    to = *std::move(item);
    return {};
  }

  /// Calls `read` for each item until one call fails.
  template <class F, size_t... Is>
  static expected<tuple> read_all([[maybe_unused]] F&& read,
                                  std::index_sequence<Is...>) {
    std::tuple<std::optional<Ts>...> items;
    expected<void> done;
    if (!((done = read(Is, std::get<Is>(items))).has_value() && ...))
      return unexpected{std::move(done).error()};
    return tuple{*std::move(std::get<Is>(items))...};
  }

  template <size_t... Is>
  static expected<object_ref> write_all(attach_scope& py,
                                        [[maybe_unused]] const tuple& x,
                                        std::index_sequence<Is...>) {
    std::array<object_ref, sizeof...(Ts)> objects;
    expected<void> done;
    [[maybe_unused]] auto write
      = [&](size_t i, auto&& object) -> expected<void> {
      if (!object)
        return unexpected{at_step(std::move(object).error(), index_step(i))};
      objects[i] = *std::move(object);
      return {};
    };
    if (!((done
           = write(Is, argument_converter<Ts>::to_python(py, std::get<Is>(x))))
            .has_value()
          && ...))
      return unexpected{std::move(done).error()};
    return capi::make_tuple(py, objects);
  }
};

template <class First, class Second>
struct converter<std::pair<First, Second>> {
  using pair = std::pair<First, Second>;
  using as_tuple = converter<std::tuple<First, Second>>;

  static expected<pair> from_python(attach_scope& py, _object* object) {
    return to_pair(as_tuple::from_python(py, object));
  }

  static expected<object_ref> to_python(attach_scope& py, const pair& x) {
    return converter<std::tuple<const First&, const Second&>>::to_python(py, x);
  }

  static expected<pair> from_value(const value& x) {
    return to_pair(as_tuple::from_value(x));
  }

  static value to_value(const pair& x) {
    return converter<std::tuple<const First&, const Second&>>::to_value(x);
  }

private:
  static expected<pair> to_pair(expected<std::tuple<First, Second>>&& x) {
    if (!x)
      return unexpected{std::move(x).error()};
    return std::make_from_tuple<pair>(*std::move(x));
  }
};

} // namespace pyactor
