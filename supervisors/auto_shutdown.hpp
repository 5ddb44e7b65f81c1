#pragma once

#include <pyactor/libpyactor/export.hpp>

#include <cstdint>

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// When a supervisor ends with its significant children: those whose specs say
/// so. Only an end of a child's own accord that leads to no restart counts, and
/// not one that exceeds a limit of the child's own.
enum class auto_shutdown : uint8_t {
  /// It outlives them.
  never,
  /// With the first of them.
  any_significant,
  /// With the last of them.
  all_significant,
};

} // namespace supervisors
} // namespace pyactor
