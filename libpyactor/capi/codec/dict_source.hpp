#pragma once

#include <pyactor/libpyactor/conversion/nesting.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <cstddef>
#include <utility>
#include <vector>

// Free of <Python.h>, because the templates of conversion.hpp call it.

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// The items of a dict while they are converted one by one; see `item_source`.
/// @thread attached, lives on the stack
class dict_source {
public:
  /// Keys and what they stand for.
  using items = std::vector<std::pair<object_ref, object_ref>>;

  /// Looks at nothing yet.
  /// @param py its interpreter sets the limits; outlives this
  /// @param container borrowed, any object; outlives this
  dict_source(attach_scope& py, _object* container) noexcept;

  /// @returns `not_convertible` for all but an exact dict, and for one that is
  ///          beyond the interpreter's limits
  expected<void> open();

  /// @returns how many items there are, once open
  [[nodiscard]] size_t size() const noexcept {
    return copies_.size();
  }

  /// @param index below `size`
  /// @returns the key, borrowed for the life of this object
  [[nodiscard]] _object* key(size_t index) const noexcept {
    return copies_[index].first.get();
  }

  /// @param index below `size`
  /// @returns what the key stands for, borrowed as well
  [[nodiscard]] _object* mapped(size_t index) const noexcept {
    return copies_[index].second.get();
  }

  /// @returns `not_convertible` where the dict is not what it was
  expected<void> close();

  /// @param index of the key
  /// @param what its own conversion failed with
  /// @returns the failure of this key itself
  [[nodiscard]] error at_key(size_t index, error what) const;

  /// @param key as it was converted
  /// @param what the conversion of its counterpart failed with
  /// @returns the failure of what the dict has for `key`
  [[nodiscard]] error at(const value& key, error what) const;

private:
  attach_scope& py_;
  _object* container_;
  nesting level_;
  items copies_;
};

} // namespace capi
} // namespace pyactor
