#include <pyactor/libpyactor/conversion/mismatch.hpp>

#include <pyactor/libpyactor/conversion/path.hpp>

#include <algorithm>
#include <string>

namespace pyactor {

unexpected refuse_value(const value& x, std::string_view wanted) {
  return refuse(std::string{to_string(x.type())} + " is not "
                + std::string{wanted});
}

expected<const value::sequence*> sequence_in(const value& x) {
  if (x.type() == value::kind::list || x.type() == value::kind::tuple)
    return x.as_sequence();
  return refuse_value(x, "a list or tuple");
}

expected<const value::sequence*> sequence_in(const value& x, size_t size) {
  auto items = sequence_in(x);
  if (items && (*items)->size() != size)
    return refuse(std::string{to_string(x.type())} + " has "
                  + std::to_string((*items)->size()) + " items, not "
                  + std::to_string(size));
  return items;
}

expected<const value::sequence*> set_in(const value& x) {
  if (x.type() == value::kind::set || x.type() == value::kind::frozenset)
    return x.as_sequence();
  return refuse_value(x, "a set or frozenset");
}

expected<const value::mapping*> dict_in(const value& x) {
  if (auto* items = x.as_dict())
    return items;
  return refuse_value(x, "a dict");
}

expected<std::vector<const value*>>
fields_in(const value& x, std::string_view type_name,
          std::span<const std::string_view> names) {
  auto items = dict_in(x);
  if (!items)
    return unexpected{std::move(items).error()};
  std::vector<const value*> result(names.size());
  for (const auto& [key, mapped] : **items) {
    auto* name = key.as_str();
    auto place = name ? std::ranges::find(names, *name) : names.end();
    if (place == names.end())
      return refuse("dict has a key " + shown_key(key) + " that "
                    + std::string{type_name}
                    + " has no field for; pass a dict without it");
    auto& field = result[static_cast<size_t>(place - names.begin())];
    if (field)
      return refuse_repetition(key, "keys");
    field = &mapped;
  }
  auto missing = std::ranges::find(result, nullptr);
  if (missing == result.end())
    return result;
  auto index = static_cast<size_t>(missing - result.begin());
  return unexpected{at_step(
    refuse("dict has no such key, and " + std::string{type_name} + " needs it")
      .error(),
    '.' + std::string{names[index]})};
}

unexpected refuse_repetition(const value& x, std::string_view what) {
  return refuse("two " + std::string{what} + " become " + shown_key(x)
                + " in C++; pass one of them");
}

} // namespace pyactor
