#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <cstdint>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// In which order a supervisor that ends stops its children.
enum class stop_order : uint8_t {
  /// One after another: later ones may need earlier ones.
  newest_first,
  /// All at once: nobody needs anybody. Takes as long as the slowest child, not
  /// as all of them together.
  at_once,
};

} // namespace supervisors
} // namespace pyactor
