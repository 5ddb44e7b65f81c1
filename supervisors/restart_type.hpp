#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/exit_info.hpp>

#include <cstdint>

/// @file
/// @thread any: functions here depend on nothing but their arguments

namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

/// Which exits of its own bring a child back.
enum class restart_type : uint8_t {
  /// Every exit but a fatal one.
  permanent,
  /// Only an abnormal exit.
  transient,
  /// None; its spec is dropped with it.
  temporary,
};

/// What becomes of a child that ended of its own accord.
enum class exit_verdict : uint8_t {
  /// Start it again.
  restart,
  /// Keep its spec, stopped.
  keep,
  /// Drop its spec.
  forget,
};

/// @param restart  of the child's spec
/// @param cls      what the exit means
/// @returns what becomes of a child of that type after such an exit
[[nodiscard]] constexpr exit_verdict judge(restart_type restart,
                                           exit_class cls) noexcept {
  switch (restart) {
    case restart_type::permanent:
      return cls == exit_class::fatal ? exit_verdict::keep
                                      : exit_verdict::restart;
    case restart_type::transient:
      return cls == exit_class::abnormal ? exit_verdict::restart
                                         : exit_verdict::keep;
    case restart_type::temporary:
      break;
  }
  return exit_verdict::forget;
}

} // namespace supervisors
} // namespace pyactor
