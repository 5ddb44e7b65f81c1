#pragma once

#include <pyactor/libpyactor/conversion/nesting.hpp>
#include <pyactor/libpyactor/error.hpp>
#include <pyactor/libpyactor/export.hpp>
#include <pyactor/libpyactor/fwd.hpp>
#include <pyactor/libpyactor/object_ref.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

// Free of <Python.h>, because the templates of conversion.hpp call it.

namespace PYACTOR_EXPORT pyactor {
namespace capi {

/// What a struct is made of: the items of a dict that has just these keys, or
/// the attributes of any other object, whose properties run.
/// @thread attached, lives on the stack
class field_source {
public:
  /// Looks at nothing yet.
  /// @param py its interpreter sets the limits; outlives this
  /// @param object borrowed; outlives this
  /// @param type_name that of the struct, for messages; outlives this
  /// @param names of the fields; outlive this
  field_source(attach_scope& py, _object* object, std::string_view type_name,
               std::span<const std::string_view> names) noexcept;

  /// @returns `not_convertible` for a dict that has other keys, and where it is
  ///          nested too deep
  expected<void> open();

  /// @param index into the names
  /// @returns the object for a field, or
  ///          - `not_convertible`: there is none
  ///          - `python_exception`: a property raised
  expected<object_ref> field(size_t index);

  /// @returns `not_convertible` where the dict is not what it was
  expected<void> close();

  /// @param index into the names
  /// @param what its conversion failed with
  /// @returns the failure of this field
  [[nodiscard]] error at(size_t index, error what) const;

private:
  expected<void> open_dict();
  [[nodiscard]] unexpected refuse_unknown_key() const;
  [[nodiscard]] object_ref dict_item(size_t index) const;

  attach_scope& py_;
  _object* object_;
  std::string_view type_name_;
  std::span<const std::string_view> names_;
  nesting level_;
  /// The fields, where the object is a dict.
  std::vector<object_ref> copies_;
};

} // namespace capi
} // namespace pyactor
