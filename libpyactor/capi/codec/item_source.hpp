#pragma once

#include <pyactor/libpyactor/conversion/nesting.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <cstddef>
#include <vector>

// Free of <Python.h>, because the templates of conversion.hpp call it.

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// The items of a list, tuple, set or frozenset while they are converted one by
/// one, which may run Python code that changes the container: what was there at
/// first is converted, and a change is an error afterwards.
/// @thread attached, lives on the stack
class item_source {
public:
  /// Looks at nothing yet.
  /// @param py its interpreter sets the limits; outlives this
  /// @param container borrowed, any object; outlives this
  item_source(attach_scope& py, _object* container) noexcept;

  /// @returns `not_convertible` for all but an exact list or tuple, and for one
  ///          that is beyond the interpreter's limits
  expected<void> open_sequence();

  /// The same, of a given size.
  /// @param size how many items there are to be
  /// @returns as above; `not_convertible` also where there are more, or fewer
  expected<void> open_sequence(size_t size);

  /// @returns `not_convertible` for all but an exact set or frozenset, and for
  ///          one that is beyond the interpreter's limits
  expected<void> open_set();

  /// @returns how many items there are, once open
  [[nodiscard]] size_t size() const noexcept {
    return size_;
  }

  /// @param index below `size`
  /// @returns the item, borrowed until the next call, or null where the
  ///          container has changed already, which `close` then tells
  [[nodiscard]] _object* item(size_t index);

  /// @returns `not_convertible` where the container is not what it was
  expected<void> close();

  /// @param index of the item; a set's path does not show it
  /// @param what its conversion failed with
  /// @returns the failure of this item
  [[nodiscard]] error at(size_t index, error what) const;

private:
  expected<void> check_limits();
  void copy_items();

  attach_scope& py_;
  _object* container_;
  nesting level_;
  size_t size_ = 0;
  bool is_set_ = false;
  /// The item that is converted just now.
  object_ref current_;
  /// All of them, from when the first one comes whose conversion may run code.
  std::vector<object_ref> copies_;
};

} // namespace capi
} // namespace pyactor
