#pragma once

#include <pyactor/supervisors/python/letter_boxes.hpp>
#include <pyactor/supervisors/python_tree.hpp>

namespace pyactor::supervisors::python {

/// What a declaration is made for.
/// @thread any
struct declaration_context {
  runtime::runtime& python;
  const native_children& natives;
  letter_boxes& letters;
  /// Of children that name none.
  std::string pool;
};

/// Makes what a supervisor takes of what the Python code has read and checked.
/// @param tree a dict, as `_read_tree` of declaration.py gives it
/// @returns `invalid_argument` that names supervisor, child and field
[[nodiscard]] expected<tree_declaration>
translate_tree(const declaration_context& context, const value& tree);

/// The same for one more child of a supervisor that runs.
/// @param child a dict, as `read_child` gives it
[[nodiscard]] expected<child_spec>
translate_child(const declaration_context& context, const value& child);

} // namespace pyactor::supervisors::python
