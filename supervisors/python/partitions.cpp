#include <pyactor/supervisors/python/partitions.hpp>

#include <pyactor/libpyactor/conversion.hpp>
#include <pyactor/supervisors/python/errand.hpp>
#include <pyactor/supervisors/python/outcome.hpp>
#include <pyactor/supervisors/python/refs.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace pyactor::supervisors::python {

namespace {

/// @returns the id of the child for a `str`, `bytes` or `int` of 64 bits
expected<std::string> id_for(const partition_supervisor& group,
                             const value& key) {
  if (const auto* text = key.as_str())
    return group.id_for(std::string_view{*text});
  if (const auto* bytes = key.as_bytes())
    return group.id_for(std::string_view{*bytes});
  if (const auto* number = key.as_int64())
    return group.id_for(*number);
  auto number = from_value<uint64_t>(key);
  if (!number)
    return unexpected{std::move(number).error()};
  return group.id_for(*number);
}

void order_resize(const partition_supervisor& group, uint64_t count,
                  const listener& whom) {
  group.resize_then(count, [whom](const sup_expected<void>& done) {
    whom.hear(done ? outcome{} : of_failure(done.error()));
  });
  runtime::let_go_of_logger();
}

/// @returns what `f` makes of the partitions in `x`
template <class F>
auto with_partitions(const value& x, F f)
  -> expected<decltype(f(std::declval<const partition_supervisor&>()))> {
  auto group = handle_in<partitions_handle>(x);
  if (!group)
    return unexpected{std::move(group).error()};
  return f((*group)->what());
}

} // namespace

void define_partitions(extension& module) {
  module.define("_make_partitions",
                [](const value& tree, uint64_t count) -> expected<value> {
                  auto top = handle_in<supervisor_handle>(tree);
                  if (!top)
                    return unexpected{std::move(top).error()};
                  return as_value(partitions_of((*top)->top(), count));
                });
  module.define("_partitions_tree", [](const value& group) {
    return with_partitions(group, [](const partition_supervisor& what) {
      return as_value(what.supervisor());
    });
  });
  module.define("_partitions_size", [](const value& group) {
    return with_partitions(group, [](const partition_supervisor& what) {
      return uint64_t{what.size()};
    });
  });
  module.define(
    "_partition_id",
    [](const value& group, const value& key) -> expected<std::string> {
      auto what = handle_in<partitions_handle>(group);
      if (!what)
        return unexpected{std::move(what).error()};
      return id_for((*what)->what(), key);
    });
  module.define("_resize",
                [](const value& group, uint64_t count,
                   const std::string& then) -> expected<void> {
                  auto what = handle_in<partitions_handle>(group);
                  if (!what)
                    return unexpected{std::move(what).error()};
                  order_resize((*what)->what(), count, {then, "resize"});
                  return {};
                });
}

} // namespace pyactor::supervisors::python
