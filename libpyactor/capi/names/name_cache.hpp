#pragma once

#include <pyactor/libpyactor/capi/source/lru_table.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <string>
#include <string_view>

namespace pyactor::capi {

/// Names of callables, taken apart once: `f`, `a.b`, `module:attr.path`.
/// @thread attached
class name_cache {
public:
  explicit name_cache(size_t capacity);

  /// @returns a tuple of interned names: the module, or None for the
  ///          environment, then the path; or `invalid_argument`
  expected<object_ref> find(attach_scope& py, std::string_view name);

  void clear() noexcept;

private:
  struct entry {
    std::string name;
    object_ref parts;
  };

  lru_table<entry> names_;
};

} // namespace pyactor::capi
