#pragma once

#include <pyactor/libpyactor/capi/codec/containers.hpp>
#include <pyactor/libpyactor/capi/codec/field_source.hpp>
#include <pyactor/libpyactor/capi/codec/str_text.hpp>
#include <pyactor/libpyactor/conversion/converter.hpp>
#include <pyactor/libpyactor/conversion/mismatch.hpp>
#include <pyactor/libpyactor/conversion/path.hpp>
#include <pyactor/libpyactor/export.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// Declares the fields of a struct, once, in its own namespace:
///
///     struct point {
///       double x;
///       double y;
///     };
///     PYACTOR_FIELDS(point, x, y)
///
/// To Python a `point` is a dict of its fields' names. From Python it is a dict
/// with just these keys, or any object that has these attributes; properties
/// run. The struct is default constructible.
/// @ingroup macros
#define PYACTOR_FIELDS(Struct, ...)                                            \
  constexpr auto pyactor_fields(std::type_identity<Struct>) {                  \
    using pyactor_struct [[maybe_unused]] = Struct;                            \
    return ::pyactor::make_fields(                                             \
      #Struct __VA_OPT__(PYACTOR_EXPAND(PYACTOR_EACH_FIELD(__VA_ARGS__))));    \
  }

// One `, field` for each name: every round of EXPAND makes PYACTOR_EACH_AGAIN a
// macro call anew, 256 rounds in all.
#define PYACTOR_PARENTHESES ()
#define PYACTOR_EXPAND(...)                                                    \
  PYACTOR_EXPAND_64(                                                           \
    PYACTOR_EXPAND_64(PYACTOR_EXPAND_64(PYACTOR_EXPAND_64(__VA_ARGS__))))
#define PYACTOR_EXPAND_64(...)                                                 \
  PYACTOR_EXPAND_16(                                                           \
    PYACTOR_EXPAND_16(PYACTOR_EXPAND_16(PYACTOR_EXPAND_16(__VA_ARGS__))))
#define PYACTOR_EXPAND_16(...)                                                 \
  PYACTOR_EXPAND_4(                                                            \
    PYACTOR_EXPAND_4(PYACTOR_EXPAND_4(PYACTOR_EXPAND_4(__VA_ARGS__))))
#define PYACTOR_EXPAND_4(...)                                                  \
  PYACTOR_EXPAND_1(                                                            \
    PYACTOR_EXPAND_1(PYACTOR_EXPAND_1(PYACTOR_EXPAND_1(__VA_ARGS__))))
#define PYACTOR_EXPAND_1(...) __VA_ARGS__
#define PYACTOR_EACH_FIELD(name, ...)                                          \
  , ::pyactor::field{#name, &pyactor_struct::name} __VA_OPT__(                 \
      PYACTOR_EACH_AGAIN PYACTOR_PARENTHESES(__VA_ARGS__))
#define PYACTOR_EACH_AGAIN() PYACTOR_EACH_FIELD

namespace PYACTOR_EXPORT pyactor {

/// One field of a struct; PYACTOR_FIELDS makes it.
template <class Struct, class T>
struct field {
  /// As Python sees it.
  std::string_view name;
  /// Where it is in the struct.
  T Struct::* member;
};

/// Deduces both types from the member.
template <class Struct, class T>
field(const char*, T Struct::*) -> field<Struct, T>;

/// All fields of a struct, in the order of their declaration.
template <class... Fields>
struct field_list {
  /// Name of the struct, for messages.
  std::string_view type_name;
  /// Each a `field`.
  std::tuple<Fields...> fields;
  /// Their names once more, for what knows no types.
  std::array<std::string_view, sizeof...(Fields)> names;
};

/// @param type_name name of the struct, for messages; outlives the result
/// @param fields each a `field`, in the order of their declaration
/// @returns the list of these fields
/// @thread any
template <class... Fields>
constexpr auto make_fields(std::string_view type_name, Fields... fields) {
  return field_list<Fields...>{type_name, {fields...}, {fields.name...}};
}

/// A struct with PYACTOR_FIELDS.
template <class T>
concept has_fields = requires { pyactor_fields(std::type_identity<T>{}); };

template <has_fields T>
struct converter<T> {
  static constexpr auto list = pyactor_fields(std::type_identity<T>{});

  static expected<T> from_python(attach_scope& py, _object* object) {
    capi::field_source source{py, object, list.type_name, list.names};
    if (auto opened = source.open(); !opened)
      return unexpected{std::move(opened).error()};
    auto read = [&]<class M>(size_t i, M& to) -> expected<void> {
      auto part = source.field(i);
      if (!part)
        return unexpected{std::move(part).error()};
      auto x = converter<M>::from_python(py, part->get());
      if (!x)
        return unexpected{source.at(i, std::move(x).error())};
      to = *std::move(x);
      return {};
    };
    auto result = read_all(read);
    if (!result)
      return result;
    if (auto closed = source.close(); !closed)
      return unexpected{std::move(closed).error()};
    return result;
  }

  static expected<object_ref> to_python(attach_scope& py, const T& x) {
    capi::pair_list objects;
    objects.reserve(list.names.size());
    auto write = [&]<class M>(size_t i, const M& member) -> expected<void> {
      auto part = argument_converter<M>::to_python(py, member);
      if (!part)
        return unexpected{at_field(i, std::move(part).error())};
      auto name = capi::make_str(py, list.names[i]);
      if (!name)
        return unexpected{std::move(name).error()};
      objects.emplace_back(*std::move(name), *std::move(part));
      return {};
    };
    if (auto written = for_each_member(x, write); !written)
      return unexpected{std::move(written).error()};
    return capi::make_dict(py, objects);
  }

  static expected<T> from_value(const value& x) {
    auto items = fields_in(x, list.type_name, list.names);
    if (!items)
      return unexpected{std::move(items).error()};
    return read_all([&]<class M>(size_t i, M& to) -> expected<void> {
      auto part = converter<M>::from_value(*(*items)[i]);
      if (!part)
        return unexpected{at_field(i, std::move(part).error())};
      to = *std::move(part);
      return {};
    });
  }

  static value to_value(const T& x) {
    value::mapping result;
    size_t index = 0;
    std::apply(
      [&](const auto&... fields) {
        (result.emplace_back(list.names[index++],
                             pyactor::to_value(x.*fields.member)),
         ...);
      },
      list.fields);
    return value::dict(std::move(result));
  }

private:
  static error at_field(size_t index, error what) {
    return at_step(std::move(what), '.' + std::string{list.names[index]});
  }

  template <class F>
  static expected<T> read_all(F&& read) {
    T result{};
    if (auto done = for_each_member(result, read); !done)
      return unexpected{std::move(done).error()};
    return result;
  }

  /// Calls `visit` with index and member until one call fails.
  template <class Struct, class F>
  static expected<void> for_each_member(Struct& x, F&& visit) {
    expected<void> done;
    size_t index = 0;
    std::apply(
      [&](const auto&... fields) {
        (void)((done = visit(index++, x.*fields.member)).has_value() && ...);
      },
      list.fields);
    return done;
  }
};

} // namespace pyactor
